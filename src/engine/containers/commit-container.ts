import { notImplemented } from "../../base/index.ts";
import { familiarText } from "../../formats/index.ts";
import type { ImageRuntimeConfig } from "../../formats/oci-types.ts";
import type { CommitRequest } from "../../images/types.ts";
import type { EngineContext } from "../context.ts";
import { isBeingRemoved } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { timestamp } from "../logs/timestamps.ts";
import type { CommitOptions, ContainerConfig } from "../types.ts";
import type { Container } from "./container.ts";
import { hasEnded, unlessEnded } from "./ended-process.ts";

type ApplyChanges = (config: ImageRuntimeConfig, changes: readonly string[]) => ImageRuntimeConfig;

/** Makes an image of what the container has written. */
export async function commitContainer(
  context: EngineContext,
  reference: string,
  options: CommitOptions,
  applyChanges?: ApplyChanges,
): Promise<{ id: string }> {
  const container = context.containers.get(reference);
  if (container.removalInProgress) throw isBeingRemoved(container.id, "commit");
  let config = runtimeConfigOf(container, options.config ?? {});
  if (options.changes?.length) {
    if (!applyChanges) {
      throw notImplemented("changes to a committed image are not supported here", {
        code: "Engine.CommitChanges",
      });
    }
    config = applyChanges(config, options.changes);
  }
  const nowMs = context.clock.nowMs();
  const request: CommitRequest = {
    parentId: container.record.imageId,
    snapshotKey: container.id,
    keepSnapshot: true,
    config,
    history: {
      created: timestamp(nowMs),
      created_by: [container.record.path, ...container.record.args].join(" "),
      author: options.author || undefined,
      comment: options.comment || undefined,
    },
    author: options.author,
    createdAtMs: nowMs,
    references: options.reference ? [options.reference] : [],
  };
  return quietly(context, container, options.pause ?? true, async () => {
    const { id } = await commitSnapshot(context, container, request);
    emitContainerEvent(context, container, "commit", {
      comment: options.comment ?? "",
      imageID: id,
      ...(options.reference ? { imageRef: familiarText(options.reference) } : {}),
    });
    return { id };
  });
}

async function commitSnapshot(
  context: EngineContext,
  container: Container,
  request: CommitRequest,
): Promise<{ id: string }> {
  if (container.removed) throw isBeingRemoved(container.id, "commit");
  const release = container.holdFiles();
  try {
    return await context.images.commit(request);
  } finally {
    release();
  }
}

/**
 * The container stands still meanwhile, so that no file is caught half written. One whose process has ended stands still
 * as it is.
 */
async function quietly<T>(
  context: EngineContext,
  container: Container,
  pause: boolean,
  fn: () => Promise<T>,
): Promise<T> {
  if (!pause) return fn();
  const { result } = await container.lock.run(async () => {
    if (!container.hasProcess || container.record.state.Paused) return { result: fn() };
    return { result: Promise.resolve(await whilePaused(context, container, fn)) };
  });
  return result;
}

/** Called with the lock held. */
async function whilePaused<T>(
  context: EngineContext,
  container: Container,
  fn: () => Promise<T>,
): Promise<T> {
  try {
    await context.runtime.pause(container.id);
  } catch (error) {
    if (!hasEnded(error)) throw error;
    return fn();
  }
  emitContainerEvent(context, container, "pause");
  try {
    return await fn();
  } finally {
    await unlessEnded(context.runtime.resume(container.id));
    emitContainerEvent(context, container, "unpause");
  }
}

const KEPT: (keyof ImageRuntimeConfig)[] = [
  "User",
  "ExposedPorts",
  "Env",
  "Entrypoint",
  "Cmd",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "StopTimeout",
  "Shell",
  "Healthcheck",
  "OnBuild",
];

/** The container's own configuration under what the request says. */
function runtimeConfigOf(container: Container, changes: Partial<ContainerConfig>): ImageRuntimeConfig {
  const merged: Record<string, unknown> = {};
  for (const key of KEPT) {
    const value = changes[key] ?? container.record.config[key];
    if (value !== undefined && value !== null) merged[key] = value;
  }
  return merged as ImageRuntimeConfig;
}
