import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
  parseRequestUri,
} from "../../../formats/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { listType, objectType, optionalType, STRING } from "../types/cel-type.ts";
import { ValueList } from "../values/collections.ts";
import { parseRfc3339 } from "../values/time.ts";
import { CelObject, CelOptional, type Result } from "../values/value.ts";

const FORMAT_TYPE = objectType("kubernetes.NamedFormat");

type Validate = (text: string) => string[];

class CelNamedFormat extends CelObject {
  readonly type = FORMAT_TYPE;
  readonly name: string;
  readonly validate: Validate;
  readonly #patternSize: number;

  constructor(name: string, patternSize: number, validate: Validate) {
    super();
    this.name = name;
    this.#patternSize = patternSize;
    this.validate = validate;
  }

  override get patternSize(): number {
    return this.#patternSize;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelNamedFormat && other.name === this.name;
  }
}

/** A generated name may end with a dash: upstream puts a letter for the dash and the character before it. */
const asPrefix =
  (validate: Validate): Validate =>
  (text) =>
    validate(text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text);

const matching =
  (isValid: (text: string) => boolean, problem: string): Validate =>
  (text) =>
    isValid(text) ? [] : [problem];

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})t([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})$/;

const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && parseRfc3339(`${text}T00:00:00Z`) !== undefined;

function isDateTime(text: string): boolean {
  const match = DATE_TIME.exec(text.toLowerCase());
  if (match === null || !isDate(match[1]!)) return false;
  return Number(match[2]) <= 23 && Number(match[3]) <= 59 && Number(match[4]) <= 59;
}

function validateUri(text: string): string[] {
  const parsed = parseRequestUri(text);
  return "url" in parsed ? [] : [parsed.problem];
}

/** By name; the size is that of the pattern that upstream takes a check to cost. */
const FORMATS = new Map(
  (
    [
      ["dns1123Label", "DNS1123Label", 30, isDns1123Label],
      ["dns1123Subdomain", "DNS1123Subdomain", 60, isDns1123Subdomain],
      ["dns1035Label", "DNS1035Label", 30, isDns1035Label],
      ["qualifiedName", "QualifiedName", 60, isQualifiedName],
      ["dns1123LabelPrefix", "DNS1123LabelPrefix", 30, asPrefix(isDns1123Label)],
      ["dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", 60, asPrefix(isDns1123Subdomain)],
      ["dns1035LabelPrefix", "DNS1035LabelPrefix", 30, asPrefix(isDns1035Label)],
      ["labelValue", "LabelValue", 40, isLabelValue],
      ["uri", "URI", 1103, validateUri],
      ["uuid", "uuid", 70, matching((text) => UUID.test(text), "does not match the UUID format")],
      ["byte", "byte", 84, matching((text) => BASE64.test(text), "invalid base64")],
      ["date", "date", 71, matching(isDate, "invalid date")],
      ["datetime", "datetime", 71, matching(isDateTime, "invalid datetime")],
    ] as [string, string, number, Validate][]
  ).map(([name, shown, patternSize, validate]) => [name, new CelNamedFormat(shown, patternSize, validate)]),
);

function validate(format: CelNamedFormat, text: string): Result {
  const problems = format.validate(text);
  return problems.length === 0 ? CelOptional.NONE : new CelOptional(new ValueList(problems));
}

/** Kubernetes' named formats (from 1.31 on). */
export const FORMAT_FUNCTIONS: CelFunction[] = [
  fn("validate", [
    memberOverload(
      "format-validate",
      [FORMAT_TYPE, STRING],
      optionalType(listType(STRING)),
      ([format, text]) => validate(format as CelNamedFormat, text as string),
    ),
  ]),
  fn("format.named", [
    overload(
      "format-named",
      [STRING],
      optionalType(FORMAT_TYPE),
      ([name]) => new CelOptional(FORMATS.get(name as string)),
    ),
  ]),
  ...[...FORMATS].map(([name, format]) =>
    fn(`format.${name}`, [overload(`format.${name}`, [], FORMAT_TYPE, () => format)]),
  ),
];
