import type { Engine } from "../../engine/types.ts";

/** What this area needs of the engine. */
export type ExecBackend = Pick<
  Engine,
  "createExec" | "startExec" | "resizeExec" | "inspectExec" | "inspectContainer"
>;
