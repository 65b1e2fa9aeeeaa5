import { conflict, failpoint, isGantryError } from "../../base/index.ts";
import { type EngineContext, inBackground } from "../context.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { releaseNamespaces } from "../spec/container-namespaces.ts";
import type { Container } from "./container.ts";
import { setRemoving } from "./container-state.ts";
import { kill } from "./stop-container.ts";

export interface RemoveOptions {
  force?: boolean;
  removeVolumes?: boolean;
}

/**
 * Removes a container. It is gone for everybody, and stays so after a crash, when this resolves; its files go afterwards.
 */
export async function removeContainer(
  context: EngineContext,
  reference: string,
  options: RemoveOptions = {},
): Promise<void> {
  const container = context.containers.get(reference);
  // Gone while this waited: as was asked.
  if (!(await beginRemoval(container, reference, options))) return;
  try {
    await remove(context, container, options);
  } finally {
    container.removalInProgress = false;
  }
}

/** Waits for what is under way, a start for instance; from then on there will be none. */
function beginRemoval(container: Container, reference: string, options: RemoveOptions): Promise<boolean> {
  return container.lock.run(async () => {
    if (container.removalInProgress) {
      throw conflict(`removal of container ${reference} is already in progress`, {
        code: "Engine.RemovalInProgress",
      });
    }
    if (container.removed) return false;
    if (container.isRunning && !options.force) throw stillRunning(container, reference);
    container.removalInProgress = true;
    return true;
  });
}

async function remove(context: EngineContext, container: Container, options: RemoveOptions): Promise<void> {
  await kill(context, container);
  await container.lock.run(async () => {
    container.stopHealthChecks();
    setRemoving(container.record.state);
    await context.containers.saveRemoval(container);
    context.containers.forget(container);
    context.execs.dropAll(container.id);
  });
  failpoint("engine/remove/recorded");
  const volumes = options.removeVolumes ? anonymousVolumes(container) : [];
  inBackground(context, "deleting a removed container's files", () => deleteRemains(context, container));
  for (const name of volumes) await removeUnusedVolume(context, name);
  emitContainerEvent(context, container, "destroy");
  container.tellRemoved();
  context.tell({ id: container.id, owner: container.owner, status: "removed" });
}

function stillRunning({ record: { state } }: Container, reference: string) {
  const procedure = state.Paused
    ? "unpause and then stop the container before removing or force remove"
    : "stop the container before removing or force remove";
  return conflict(
    `cannot remove container ${JSON.stringify(reference)}: container is ${state.Status}: ${procedure}`,
    {
      code: "Engine.StillRunning",
    },
  );
}

function anonymousVolumes(container: Container): string[] {
  return container.record.mounts
    .filter((mount) => mount.Type === "volume" && mount.anonymous)
    .map((mount) => mount.Name!);
}

async function removeUnusedVolume(context: EngineContext, name: string): Promise<void> {
  const isUsed = context.containers
    .all()
    .some((other) => other.record.mounts.some((mount) => mount.Type === "volume" && mount.Name === name));
  if (isUsed || !context.volumes.has(name)) return;
  await context.volumeMounts.forget(name);
  await context.volumes.remove(name);
  context.events.emit("volume", "destroy", name, { driver: "local" });
}

/** What is left of a container whose removal was acknowledged. May be repeated. */
export async function deleteRemains(context: EngineContext, container: Container): Promise<void> {
  await context.runtime.delete(container.id);
  await container.unplugged;
  await container.filesReleased();
  releaseNamespaces(context, container);
  try {
    await context.images.removeSnapshot(container.id);
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
  }
  await context.containers.deleteFiles(container);
}
