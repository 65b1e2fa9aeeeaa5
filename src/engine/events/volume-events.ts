import type { Container } from "../containers/container.ts";
import type { MountRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";

function volumesOf(container: Container): MountRecord[] {
  return container.owner !== "docker"
    ? []
    : container.record.mounts.filter((mount) => mount.Type === "volume");
}

export function emitMounts(context: EngineContext, container: Container): void {
  for (const mount of volumesOf(container)) {
    context.events.emit("volume", "mount", mount.Name!, {
      container: container.id,
      destination: mount.Destination,
      driver: mount.Driver ?? "local",
      propagation: mount.Propagation,
      "read/write": String(mount.RW),
    });
  }
}

export function emitUnmounts(context: EngineContext, container: Container): void {
  for (const mount of volumesOf(container)) {
    context.events.emit("volume", "unmount", mount.Name!, {
      container: container.id,
      driver: mount.Driver ?? "local",
    });
  }
}
