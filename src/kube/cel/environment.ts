import type { CheckedExpr } from "./checker/checked-expr.ts";
import { check } from "./checker/checker.ts";
import type { Declarations, StructTypes } from "./checker/environment-types.ts";
import { validateLiterals } from "./checker/literal-validators.ts";
import { callCost } from "./cost/runtime-cost.ts";
import { type Language, languageOf } from "./library/libraries.ts";
import { checkConstantPatterns } from "./library/regex.ts";
import { Program } from "./program.ts";
import { ProgramError, plan } from "./runtime/planner.ts";
import { type CelIssue, IssueList } from "./syntax/issue.ts";
import { parse } from "./syntax/parser.ts";
import { Source } from "./syntax/source.ts";
import type { CelType } from "./types/cel-type.ts";

/** A minor version of Kubernetes 1.x, which says what the environment offers. */
export type KubernetesMinor = number;

/** What 1.33 offers to new expressions: that of the version before, so that a roll back finds no surprise. */
export const NEW_EXPRESSIONS_MINOR: KubernetesMinor = 32;
/** What 1.33 understands in expressions that are stored already. */
export const STORED_EXPRESSIONS_MINOR: KubernetesMinor = 33;

export interface EnvironmentOptions {
  minor?: KubernetesMinor;
  variables?: Readonly<Record<string, CelType>>;
  /** The types of objects that variables have. */
  structs?: StructTypes;
}

/** What `compile` answers: a program, or why there is none, in cel-go's words. */
export type Compilation =
  | { ok: true; program: Program; type: CelType }
  | { ok: false; stage: "compilation"; message: string; issues: readonly CelIssue[] }
  | { ok: false; stage: "program"; message: string; type: CelType };

const NO_STRUCTS: StructTypes = { hasType: () => false, fieldType: () => undefined };

/**
 * The Common Expression Language as a version of Kubernetes offers it, with the variables of one place where
 * expressions are written.
 *
 *     const environment = new CelEnvironment({ variables: { x: INT } });
 *     const compiled = environment.compile("x + 1 > 2");
 *     if (compiled.ok) compiled.program.evaluate({ x: 5n }); // { ok: true, value: true, cost: 3 }
 */
export class CelEnvironment {
  readonly minor: KubernetesMinor;
  readonly #declarations: Declarations;
  readonly #language: Language;

  constructor({ minor = STORED_EXPRESSIONS_MINOR, variables = {}, structs }: EnvironmentOptions = {}) {
    this.minor = minor;
    this.#language = languageOf(minor);
    this.#declarations = {
      variables: new Map(Object.entries(variables)),
      functions: this.#language.functions,
      typeNames: this.#language.typeNames,
      structs: structs ?? NO_STRUCTS,
      crossTypeComparisons: minor >= 28,
    };
  }

  compile(expression: string): Compilation {
    const issues = new IssueList(new Source(expression));
    const checked = this.#check(expression, issues);
    if (checked === undefined)
      return { ok: false, stage: "compilation", message: issues.toString(), issues: issues.issues };
    try {
      return { ok: true, program: new Program(checked, this.#plan(checked)), type: checked.type };
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      return { ok: false, stage: "program", message: error.message, type: checked.type };
    }
  }

  #check(expression: string, issues: IssueList): CheckedExpr | undefined {
    const { macros } = this.#language;
    const parsed = parse(new Source(expression), issues, { macros, optionalSyntax: this.minor >= 28 });
    if (parsed === undefined) return undefined;
    const checked = check(parsed, this.#declarations, issues);
    if (issues.isEmpty) validateLiterals(checked, this.minor, issues);
    return issues.isEmpty ? checked : undefined;
  }

  #plan(checked: CheckedExpr) {
    return plan(checked, {
      functions: this.#language.functions,
      costOf: callCost,
      checkConstants: checkConstantPatterns,
    });
  }
}
