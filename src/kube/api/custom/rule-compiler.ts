import {
  BOOL,
  CelEnvironment,
  type Compilation,
  DeclStructTypes,
  type DeclType,
  isExactType,
  nameDecl,
  optionalType,
  type Program,
  STORED_EXPRESSIONS_MINOR,
  STRING,
  schemaSizes,
} from "../../cel/index.ts";
import type { ValidationRule } from "../generated/types.ts";
import type { StructuralSchema } from "./structural-schema.ts";
import { findSchemaField } from "./valid-field-path.ts";

/** An expression, or what is wrong with it; neither where nothing is written. */
interface CompiledExpression {
  program?: Program | undefined;
  error?: string | undefined;
  /** The most that an evaluation may cost. */
  maxCost: number;
}

/** A rule of `x-kubernetes-validations` (apiextensions-apiserver cel.CompilationResult). */
export interface CompiledRule extends CompiledExpression {
  readonly rule: ValidationRule;
  readonly usesOldSelf: boolean;
  readonly message: CompiledExpression;
  /** Where within the value its failures are told. */
  readonly fieldPath: string;
}

/** Which version's environment an expression is compiled in. */
export interface ExpressionMinors {
  ofRule: (expression: string) => number;
  ofMessage: (expression: string) => number;
}

/** For what is stored: it has been accepted before. */
export const STORED_MINORS: ExpressionMinors = {
  ofRule: () => STORED_EXPRESSIONS_MINOR,
  ofMessage: () => STORED_EXPRESSIONS_MINOR,
};

/** Upstream's has a random number, so that nobody builds on it. */
const SELF_TYPE = "selfType0";
const NOTHING: CompiledExpression = { maxCost: 0 };

/** Compiles the rules of one schema, whose type `decl` is; not of those within. */
export function compileRules(
  schema: StructuralSchema,
  decl: DeclType,
  minors: ExpressionMinors = STORED_MINORS,
): CompiledRule[] {
  const compiler = new RuleCompiler(schema, nameDecl(decl, SELF_TYPE), minors);
  return schema.rules.map((rule) => compiler.compile(rule));
}

class RuleCompiler {
  readonly #schema: StructuralSchema;
  readonly #decl: DeclType;
  readonly #structs: DeclStructTypes;
  readonly #minors: ExpressionMinors;
  readonly #environments = new Map<string, CelEnvironment>();

  constructor(schema: StructuralSchema, decl: DeclType, minors: ExpressionMinors) {
    this.#schema = schema;
    this.#decl = decl;
    this.#structs = new DeclStructTypes([decl]);
    this.#minors = minors;
  }

  compile(rule: ValidationRule): CompiledRule {
    const ofRule = this.#compileRule(rule);
    const isUsable = ofRule.program !== undefined;
    return {
      ...ofRule,
      rule,
      usesOldSelf: ofRule.program?.usesVariable("oldSelf") ?? false,
      message: isUsable ? this.#compileMessage(rule) : NOTHING,
      fieldPath: isUsable ? this.#fieldPath(rule) : "",
    };
  }

  #compileRule({ rule, optionalOldSelf = false }: ValidationRule): CompiledExpression {
    if (rule.trim() === "") return NOTHING;
    const compiled = this.#environment(this.#minors.ofRule(rule), optionalOldSelf).compile(rule);
    if (!compiled.ok) return { error: `${FAILED_STAGE[compiled.stage]}: ${compiled.message}`, maxCost: 0 };
    if (!isExactType(compiled.type, BOOL))
      return { error: "cel expression must evaluate to a bool", maxCost: 0 };
    return this.#usable(compiled);
  }

  #compileMessage({ messageExpression = "", optionalOldSelf = false }: ValidationRule): CompiledExpression {
    if (messageExpression === "") return NOTHING;
    const minor = this.#minors.ofMessage(messageExpression);
    const compiled = this.#environment(minor, optionalOldSelf).compile(messageExpression);
    if (!compiled.ok) {
      const stage = compiled.stage === "program" ? "instantiation" : "compilation";
      return { error: `messageExpression ${stage} failed: ${compiled.message}`, maxCost: 0 };
    }
    if (!isExactType(compiled.type, STRING))
      return { error: "messageExpression must evaluate to a string", maxCost: 0 };
    return this.#usable(compiled);
  }

  #usable({ program }: Compilation & { ok: true }): CompiledExpression {
    return { program, maxCost: program.estimateCost(schemaSizes(this.#decl)).max };
  }

  #environment(minor: number, isOptional: boolean): CelEnvironment {
    const key = `${minor} ${isOptional}`;
    const { type } = this.#decl;
    const environment =
      this.#environments.get(key) ??
      new CelEnvironment({
        minor,
        variables: { self: type, oldSelf: isOptional ? optionalType(type) : type },
        structs: this.#structs,
      });
    this.#environments.set(key, environment);
    return environment;
  }

  /** What is no path of the schema counts as none. */
  #fieldPath({ fieldPath = "" }: ValidationRule): string {
    try {
      return findSchemaField(fieldPath, this.#schema).path;
    } catch {
      return "";
    }
  }
}

const FAILED_STAGE = { compilation: "compilation failed", program: "program instantiation failed" };
