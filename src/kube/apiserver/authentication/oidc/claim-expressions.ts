import { compileExpression } from "../../../api/index.ts";
import {
  ANY,
  type Bindings,
  BOOL,
  CelEnvironment,
  type CelType,
  type CelValue,
  listType,
  mapType,
  objectType,
  type Program,
  STRING,
  type StructTypes,
} from "../../../cel/index.ts";

/** An expression over the claims of a token (`claims`) or over whose it is found to be (`user`). */
export interface ClaimExpression {
  text: string;
  program: Program;
}

type Compiled = { expression: ClaimExpression } | { problem: string };

const STRINGS = listType(STRING);
const USER = objectType("kubernetes.UserInfo");
const USER_FIELDS: Readonly<Record<string, CelType>> = {
  username: STRING,
  uid: STRING,
  groups: STRINGS,
  extra: mapType(STRING, STRINGS),
};
const USER_STRUCT: StructTypes = {
  hasType: (name) => name === USER.name,
  fieldType: (name, field) =>
    name === USER.name && Object.hasOwn(USER_FIELDS, field) ? USER_FIELDS[field] : undefined,
};

let ofClaims: CelEnvironment | undefined;
let ofUser: CelEnvironment | undefined;

/** `claims` is a map of which nothing more is known (apiserver's authentication/cel). */
export function compileOverClaims(text: string, wanted?: CelType): Compiled {
  ofClaims ??= new CelEnvironment({ variables: { claims: mapType(STRING, ANY) } });
  return compile(ofClaims, text, wanted);
}

/** A condition on `user`, which has `username`, `uid`, `groups` and `extra`. */
export function compileOverUser(text: string): Compiled {
  ofUser ??= new CelEnvironment({ variables: { user: USER }, structs: USER_STRUCT });
  return compile(ofUser, text, BOOL);
}

function compile(environment: CelEnvironment, text: string, wanted: CelType | undefined): Compiled {
  const compiled = compileExpression(environment, text, undefined);
  if ("problem" in compiled) return { problem: compiled.problem };
  if (wanted && compiled.type.name !== wanted.name) return { problem: `must evaluate to ${wanted.name}` };
  return { expression: { text, program: compiled.program } };
}

/** Throws with what went wrong and which expression it was. */
export function evaluateExpression({ text, program }: ClaimExpression, bindings: Bindings): CelValue {
  const found = program.evaluate(bindings);
  if (found.ok) return found.value;
  throw new Error(`expression '${text}' resulted in error: ${found.error}`);
}
