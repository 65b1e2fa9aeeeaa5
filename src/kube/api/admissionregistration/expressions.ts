import {
  BOOL,
  type CelType,
  DYN,
  NEW_EXPRESSIONS_MINOR,
  NULL,
  STORED_EXPRESSIONS_MINOR,
  STRING,
} from "../../cel/index.ts";
import { internalError, invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { type AdmissionScope, admissionEnvironment } from "./admission-environment.ts";

/** What an expression has to give; undefined: anything. */
type Wanted = readonly CelType[] | undefined;
export const A_BOOL: Wanted = [BOOL];
export const A_STRING: Wanted = [STRING];
export const A_STRING_OR_NULL: Wanted = [STRING, NULL];
export const ANYTHING: Wanted = undefined;

export interface ExpressionCheck {
  /** As it is compiled. */
  expression: string;
  /** As it is shown, where that differs. */
  shown?: string;
  path: string;
  scope: AdmissionScope;
  wanted: Wanted;
  /** It stood there before an update: the server that stored it understood it. */
  isStored: boolean;
}

export interface CheckedExpression {
  errors: FieldError[];
  /** Undefined where it does not compile. */
  type: CelType | undefined;
}

/** Compiles an expression, and tells what is wrong with it as upstream does (plugin/cel CompileCELExpression). */
export function checkExpression(check: ExpressionCheck): CheckedExpression {
  const { expression, shown = expression, path, scope, wanted, isStored } = check;
  const minor = isStored ? STORED_EXPRESSIONS_MINOR : NEW_EXPRESSIONS_MINOR;
  const compiled = admissionEnvironment(scope, minor).compile(expression);
  if (!compiled.ok) {
    const error =
      compiled.stage === "compilation"
        ? invalid(path, shown, `compilation failed: ${compiled.message}`)
        : internalError(path, `program instantiation failed: ${compiled.message}`);
    return { errors: [error], type: undefined };
  }
  const { type } = compiled;
  if (!wanted || wanted.some((one) => typeText(one) === typeText(type))) return { errors: [], type };
  const texts = wanted.map(typeText);
  const list = texts.length === 1 ? texts[0] : `one of [${texts.join(" ")}]`;
  return { errors: [invalid(path, shown, `must evaluate to ${list} but got ${typeText(type)}`)], type };
}

/** A type as cel-go's `Type.String` tells it: `list(string)`, `null_type`. */
function typeText({ name, parameters }: CelType): string {
  return parameters.length === 0 ? name : `${name}(${parameters.map(typeText).join(", ")})`;
}

const KNOWN_KINDS = new Set([
  "any",
  "bool",
  "bytes",
  "double",
  "duration",
  "int",
  "null",
  "string",
  "timestamp",
  "uint",
]);

/** The type of a variable of which this is the value (upstream convertCelTypeToDeclType): objects are looked at later. */
export function variableType(type: CelType | undefined): CelType {
  if (type === undefined) return DYN;
  if (type.kind === "list" || type.kind === "map") return type;
  return KNOWN_KINDS.has(type.kind) ? type : DYN;
}

/** Names that the grammar takes for a variable. */
export function isCelIdentifier(name: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !RESERVED.has(name);
}

const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
