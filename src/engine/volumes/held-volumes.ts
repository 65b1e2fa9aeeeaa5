import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";

function volumesOf(container: Container): string[] {
  const volumes = container.record.mounts.filter(({ Type }) => Type === "volume");
  return [...new Set(volumes.map(({ Name }) => Name!))];
}

/** Before a start: the container's volumes are in place. */
export async function holdVolumes(context: EngineContext, container: Container): Promise<void> {
  for (const name of volumesOf(container)) await context.volumeMounts.hold(name, container.id);
}

export function adoptVolumes(context: EngineContext, container: Container): void {
  for (const name of volumesOf(container)) context.volumeMounts.adopt(name, container.id);
}

/** After the end, or a start that failed. What cannot be taken away is told, and tried again with the next user's end. */
export async function releaseVolumes(context: EngineContext, container: Container): Promise<void> {
  for (const name of volumesOf(container)) {
    try {
      await context.volumeMounts.release(name, container.id);
    } catch (error) {
      context.logger.warn("a volume could not be unmounted", { volume: name, error });
    }
  }
}
