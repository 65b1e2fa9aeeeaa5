import { ContainerEngine, type EngineOptions, type OpenEngine } from "./engine.ts";

export type { EngineOptions, OpenEngine } from "./engine.ts";
export { isLogReadable } from "./logs/drivers/drivers.ts";
export type * from "./types.ts";

/**
 * Opens the engine: loads containers and volumes and adopts what runs. Call `reconcile` once everything else is ready,
 * and `shutdown` or `close` at the end.
 */
export async function openEngine(options: EngineOptions): Promise<OpenEngine> {
  const engine = new ContainerEngine(options);
  await engine.open();
  return engine;
}
