import { ContainerEngine, type EngineOptions, type RunningEngine } from "./engine.ts";

export type { EngineOptions, RunningEngine } from "./engine.ts";
export type * from "./types.ts";

/**
 * Opens the engine: loads containers and volumes and adopts what runs. Call `reconcile` once everything else is ready,
 * and `shutdown` or `close` at the end.
 */
export async function openEngine(options: EngineOptions): Promise<RunningEngine> {
  const engine = new ContainerEngine(options);
  await engine.open();
  return engine;
}
