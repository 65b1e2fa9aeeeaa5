import type { Clock, Logger } from "../base/index.ts";
import { OciContainerRuntime } from "./container-runtime.ts";
import { detectRuntime } from "./runtime-binary.ts";
import type { ContainerRuntime, RuntimeInfo } from "./types.ts";

export { type GitCommandOptions, runGit } from "./git-command.ts";
export * from "./log/index.ts";
export { openMountedRoot, openProcessRoot } from "./mounted-root.ts";
export * from "./oci-spec.ts";
export { processNamespace, processPath } from "./process-paths.ts";
export { findInit } from "./runtime-binary.ts";
export * from "./spec/index.ts";
export type * from "./types.ts";

export interface OpenRuntimeOptions {
  /** `<home>/run`. */
  stateDir: string;
  logger: Logger;
  clock?: Clock;
  /** Instead of looking for crun (or runc) and conmon. */
  info?: RuntimeInfo;
}

/** Finds crun (else runc) and conmon. Unavailable, with a hint, when the machine lacks them. */
export async function openRuntime(options: OpenRuntimeOptions): Promise<ContainerRuntime> {
  const runtime = new OciContainerRuntime({ ...options, info: options.info ?? (await detectRuntime()) });
  await runtime.open();
  return runtime;
}
