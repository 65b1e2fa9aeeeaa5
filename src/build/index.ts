export { type BuilderOptions, createBuilder } from "./builder.ts";
export { createEngineRunExecutor } from "./engine-run-executor.ts";
export { createExporter } from "./exporters/index.ts";
export { dockerfileFrontend } from "./frontend/index.ts";
export { fetchRemote } from "./remote.ts";
export { createSolver, type LocalSolver, type SolverOptions } from "./solver/index.ts";
export type * from "./types.ts";
