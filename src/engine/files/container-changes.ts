import type { EngineContext } from "../context.ts";

/** `docker diff`. */
export async function containerChanges(
  context: EngineContext,
  reference: string,
): Promise<{ Path: string; Kind: 0 | 1 | 2 }[]> {
  const container = context.containers.get(reference);
  const release = container.holdFiles();
  const changes = await context.images.snapshotChanges(container.id).finally(release);
  return changes.map(({ path, kind }) => ({ Path: path, Kind: kind }));
}
