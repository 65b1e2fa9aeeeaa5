import { type CriContainerStatus, type CriRuntimeService, removeLog } from "../../../cri/index.ts";
import { nameOf, type PodRuntimeState } from "../pods/runtime-state.ts";

/**
 * Removes ended containers with their logs, but for the newest ended one of each name: `kubectl logs --previous` shows it.
 * One that was made and never started, because the program was ended in between, goes when a newer one is there.
 */
export async function pruneContainers(state: PodRuntimeState, runtime: CriRuntimeService): Promise<void> {
  const ended = new Set<string>();
  const withNewer = new Set<string>();
  const byAttempt = [...state.containers].sort((a, b) => b.metadata.attempt - a.metadata.attempt);
  for (const container of byAttempt) {
    const name = nameOf(container);
    const isLeftOver = container.state === "CREATED" && withNewer.has(name);
    const isOlderEnd = container.state === "EXITED" && ended.has(name);
    if (isLeftOver || isOlderEnd) await removeContainer(container, runtime);
    if (container.state === "EXITED") ended.add(name);
    withNewer.add(name);
  }
}

export async function removeContainer(
  container: CriContainerStatus,
  runtime: CriRuntimeService,
): Promise<void> {
  await runtime.removeContainer(container.id);
  await removeLog(container.logPath);
}
