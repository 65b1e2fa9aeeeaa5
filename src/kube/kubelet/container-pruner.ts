import { rm } from "node:fs/promises";
import type { CriContainerStatus, CriRuntimeService } from "../../cri/types.ts";
import { nameOf, type PodRuntimeState } from "./runtime-state.ts";

/** Removes ended containers with their logs, but for the newest ended one of each name: `kubectl logs --previous` shows it. */
export async function pruneContainers(state: PodRuntimeState, runtime: CriRuntimeService): Promise<void> {
  const seen = new Set<string>();
  const byAttempt = [...state.containers].sort((a, b) => b.metadata.attempt - a.metadata.attempt);
  for (const container of byAttempt) {
    if (container.state !== "EXITED") continue;
    const name = nameOf(container);
    if (seen.has(name)) await removeContainer(container, runtime);
    seen.add(name);
  }
}

export async function removeContainer(
  container: CriContainerStatus,
  runtime: CriRuntimeService,
): Promise<void> {
  await runtime.removeContainer(container.id);
  await rm(container.logPath, { force: true });
}
