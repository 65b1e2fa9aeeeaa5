export { createSolver, type LocalSolver, type SolverOptions } from "./solver.ts";
export type * from "./types.ts";
