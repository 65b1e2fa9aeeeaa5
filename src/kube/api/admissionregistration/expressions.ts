import {
  BOOL,
  type CelEnvironment,
  type CelType,
  DYN,
  NEW_EXPRESSIONS_MINOR,
  NULL,
  type Program,
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

/** An expression ready for use, or what is wrong with it in upstream's words. */
export type CompiledExpression =
  | { program: Program; type: CelType }
  | { problem: string; isInternal: boolean; type: CelType | undefined };

/** Compiles an expression, and holds it to the types that it may give (plugin/cel CompileCELExpression). */
export function compileExpression(
  environment: CelEnvironment,
  expression: string,
  wanted: Wanted,
): CompiledExpression {
  const compiled = environment.compile(expression);
  if (!compiled.ok) {
    const isInternal = compiled.stage === "program";
    const what = isInternal ? "program instantiation failed" : "compilation failed";
    return { problem: `${what}: ${compiled.message}`, isInternal, type: undefined };
  }
  const { type, program } = compiled;
  if (!wanted || wanted.some((one) => typeText(one) === typeText(type))) return { program, type };
  const texts = wanted.map(typeText);
  const list = texts.length === 1 ? texts[0] : `one of [${texts.join(" ")}]`;
  return { problem: `must evaluate to ${list} but got ${typeText(type)}`, isInternal: false, type };
}

/** Tells what is wrong with an expression where it is written. */
export function checkExpression(check: ExpressionCheck): CheckedExpression {
  const { expression, shown = expression, path, scope, wanted, isStored } = check;
  const minor = isStored ? STORED_EXPRESSIONS_MINOR : NEW_EXPRESSIONS_MINOR;
  const compiled = compileExpression(admissionEnvironment(scope, minor), expression, wanted);
  const { type } = compiled;
  if ("program" in compiled) return { errors: [], type };
  const { problem, isInternal } = compiled;
  return { errors: [isInternal ? internalError(path, problem) : invalid(path, shown, problem)], type };
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
