import { CONVERSIONS } from "../functions/conversions.ts";
import { type CelFunction, mergeFunctions } from "../functions/declaration.ts";
import { OPERATORS } from "../functions/operators.ts";
import { STRING_FUNCTIONS } from "../functions/string-functions.ts";
import { TIME_FUNCTIONS } from "../functions/time-functions.ts";
import { type Macro, STANDARD_MACROS } from "../syntax/macros.ts";
import { OPTIONAL_MACROS } from "../syntax/optional-macros.ts";
import { TWO_VARIABLE_MACROS } from "../syntax/two-variable-macros.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  INT,
  listType,
  mapType,
  NULL,
  opaqueType,
  STRING,
  TIMESTAMP,
  TYPE,
  typeParam,
  UINT,
} from "../types/cel-type.ts";
import { AUTHORIZER_FUNCTIONS, AUTHORIZER_SELECTOR_FUNCTIONS } from "./authorizer.ts";
import { CIDR_FUNCTIONS, CIDR_TYPE } from "./cidr.ts";
import { IP_FUNCTIONS, IP_TYPE } from "./ip.ts";
import { LIST_FUNCTIONS } from "./lists.ts";
import { FORMAT_FUNCTIONS } from "./named-format.ts";
import { OPTIONAL_FUNCTIONS } from "./optional.ts";
import { QUANTITY_FUNCTIONS } from "./quantity.ts";
import { MATCH_FUNCTIONS, REGEX_FUNCTIONS } from "./regex.ts";
import { SEMVER_FUNCTIONS } from "./semver.ts";
import { SET_FUNCTIONS } from "./sets.ts";
import { EXTENDED_STRING_FUNCTIONS, STRING_FORMAT_FUNCTIONS } from "./strings.ts";
import { TWO_VARIABLE_FUNCTIONS } from "./two-variable.ts";
import { URL_FUNCTIONS } from "./urls.ts";

/** A part of the language that came with some version of Kubernetes. */
interface Library {
  functions?: readonly CelFunction[];
  macros?: readonly Macro[];
  /** Types that expressions can name. */
  types?: readonly CelType[];
}

const STANDARD_TYPES = [
  ...[BOOL, BYTES, DOUBLE, DURATION, INT, listType(typeParam("A")), mapType(typeParam("A"), typeParam("B"))],
  ...[NULL, STRING, TIMESTAMP, TYPE, UINT],
];

/** By the minor version that brought them in (apiserver, pkg/cel/environment/base.go). */
const LIBRARIES: (Library & { since: number })[] = [
  { since: 0, functions: OPERATORS, macros: STANDARD_MACROS, types: STANDARD_TYPES },
  { since: 0, functions: CONVERSIONS },
  { since: 0, functions: [...STRING_FUNCTIONS, ...TIME_FUNCTIONS, ...MATCH_FUNCTIONS] },
  { since: 0, functions: [...URL_FUNCTIONS, ...REGEX_FUNCTIONS, ...LIST_FUNCTIONS] },
  { since: 0, functions: EXTENDED_STRING_FUNCTIONS },
  { since: 27, functions: AUTHORIZER_FUNCTIONS },
  {
    since: 28,
    functions: OPTIONAL_FUNCTIONS,
    macros: OPTIONAL_MACROS,
    types: [opaqueType("optional_type")],
  },
  { since: 28, functions: QUANTITY_FUNCTIONS },
  { since: 29, functions: [...STRING_FORMAT_FUNCTIONS, ...SET_FUNCTIONS] },
  { since: 30, functions: [...IP_FUNCTIONS, ...CIDR_FUNCTIONS], types: [IP_TYPE, CIDR_TYPE] },
  { since: 31, functions: [...FORMAT_FUNCTIONS, ...AUTHORIZER_SELECTOR_FUNCTIONS] },
  { since: 32, functions: TWO_VARIABLE_FUNCTIONS, macros: TWO_VARIABLE_MACROS },
  { since: 33, functions: SEMVER_FUNCTIONS },
];

/** All that a minor version of Kubernetes 1.x offers. */
export interface Language {
  functions: ReadonlyMap<string, CelFunction>;
  macros: readonly Macro[];
  /** Types by the names that expressions give them. */
  typeNames: ReadonlyMap<string, CelType>;
}

const languages = new Map<number, Language>();

/** What a minor version of Kubernetes 1.x offers. */
export function languageOf(minor: number): Language {
  const known = languages.get(minor);
  if (known !== undefined) return known;
  const libraries = LIBRARIES.filter(({ since }) => since <= minor);
  const types = libraries.flatMap((library) => library.types ?? []);
  const language = {
    functions: mergeFunctions(libraries.map((library) => library.functions ?? [])),
    macros: libraries.flatMap((library) => library.macros ?? []),
    typeNames: new Map(types.map((type) => [type.name, type])),
  };
  languages.set(minor, language);
  return language;
}
