import type { Clock, Logger } from "../base/index.ts";
import type { ImageService, RootfsMount } from "../images/types.ts";
import type { NetworkService } from "../network/types.ts";
import type { ContainerRuntime, HeldLimits } from "../runtime/index.ts";
import type { Container } from "./containers/container.ts";
import type { ContainerStore } from "./containers/container-store.ts";
import type { EventLog } from "./events/event-log.ts";
import type { ExecStore } from "./exec/exec-store.ts";
import type { InitLayers } from "./spec/init-layer.ts";
import type { ContainerOwner, ContainerStatus } from "./types.ts";
import type { VolumeMounts } from "./volumes/volume-mounts.ts";
import type { VolumeStore } from "./volumes/volume-store.ts";

export interface ContainerChange {
  id: string;
  owner: ContainerOwner;
  status: ContainerStatus | "removed";
  exitCode?: number;
}

/** What the engine's parts share. */
export interface EngineContext {
  readonly instanceId: string;
  /** `<home>/run/ns`: pinned namespaces by container. */
  readonly namespacesDir: string;
  /** `<home>/run/mounts`: sources of mounts while a container is made. */
  readonly stagedMountsDir: string;
  readonly containers: ContainerStore;
  readonly volumes: VolumeStore;
  readonly volumeMounts: VolumeMounts;
  readonly execs: ExecStore;
  readonly initLayers: InitLayers;
  readonly events: EventLog;
  readonly runtime: ContainerRuntime;
  readonly images: ImageService;
  readonly network: NetworkService;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly heldLimits: HeldLimits;
  /** No restart policy acts any more. */
  shuttingDown: boolean;
  /** Work that nobody waits for, but which `close` does. */
  readonly background: Set<Promise<void>>;
  tell(change: ContainerChange): void;
}

/** Runs `work` without anybody waiting for it; a failure is logged. */
export function inBackground(context: EngineContext, what: string, work: () => Promise<void>): void {
  const promise = work().catch((error: unknown) => {
    context.logger.error(`${what} failed`, { error });
  });
  context.background.add(promise);
  void promise.finally(() => context.background.delete(promise));
}

export function tellStatus(context: EngineContext, container: Container): void {
  const { Status, ExitCode } = container.record.state;
  const exitCode = Status === "exited" ? { exitCode: ExitCode } : {};
  context.tell({ id: container.id, owner: container.owner, status: Status, ...exitCode });
}

/** The container's root file system, ready to be mounted. */
export async function rootfsOf(
  context: EngineContext,
  container: Container,
  prepared?: RootfsMount,
): Promise<RootfsMount> {
  container.rootfs ??= await context.initLayers.apply(
    prepared ?? (await context.images.snapshotMount(container.id)),
    container.record.imageId,
    container.owner,
  );
  return container.rootfs;
}
