import { type AdmissionScope, admissionEnvironment, compileExpression } from "../../../api/index.ts";
import { type CelType, type Program, STORED_EXPRESSIONS_MINOR } from "../../../cel/index.ts";

/** An expression that judges requests; one that does not compile tells so to each of them. */
export interface Expression {
  text: string;
  program: Program | undefined;
  /** Why there is no program. */
  problem: string;
  type: CelType | undefined;
}

/** Compiles expressions of one place. They are stored, and so may be of the newest form. */
export function expressionCompiler(scope: AdmissionScope) {
  const environment = admissionEnvironment(scope, STORED_EXPRESSIONS_MINOR);
  return (text: string, wanted: readonly CelType[] | undefined): Expression => {
    const compiled = compileExpression(environment, text, wanted);
    return "program" in compiled
      ? { text, program: compiled.program, problem: "", type: compiled.type }
      : { text, program: undefined, problem: compiled.problem, type: compiled.type };
  };
}
