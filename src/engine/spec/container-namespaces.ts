import { join } from "node:path";
import { conflict } from "../../base/index.ts";
import { pinNamespaces, unpinNamespaces } from "../../kernel/index.ts";
import { type NamespaceChoice, processNamespace } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { networkModeOf, sharedContainer } from "../networks/network-mode.ts";
import { joinableSharedMemory, mountSharedMemory, unmountSharedMemory } from "./shared-memory.ts";

export interface ContainerNamespaces {
  network: NamespaceChoice;
  ipc: NamespaceChoice;
  uts: NamespaceChoice;
  pid: NamespaceChoice;
  /** /dev/shm of the container whose ipc namespace is shared, or of the pod. */
  shmSource: string | undefined;
}

export function pinnedDir(context: EngineContext, container: Container): string {
  return join(context.namespacesDir, container.id);
}

/** The namespaces of a container that is about to start; its own network namespace is made here. */
export function prepareNamespaces(context: EngineContext, container: Container): ContainerNamespaces {
  const { hostConfig, internal } = container.record;
  const given = internal?.namespacePaths ?? {};
  const ipcOwner = sharedContainer(hostConfig.IpcMode);
  const pidMode = given.pid ?? hostConfig.PidMode ?? "";
  const pidOwner = sharedContainer(pidMode);
  return {
    network: given.net ? { path: given.net } : networkNamespace(context, container),
    ipc: given.ipc ? { path: given.ipc } : sharedNamespace(context, hostConfig.IpcMode, ipcOwner, "ipc"),
    uts: given.uts ? { path: given.uts } : hostConfig.UTSMode === "host" ? "host" : "new",
    pid: pidMode.startsWith("/") ? { path: pidMode } : sharedNamespace(context, pidMode, pidOwner, "pid"),
    shmSource:
      internal?.shmDir ??
      (ipcOwner ? joinableSharedMemory(context.containers.get(ipcOwner)) : mountSharedMemory(container)),
  };
}

function networkNamespace(context: EngineContext, container: Container): NamespaceChoice {
  const mode = networkModeOf(container);
  if (mode.kind === "host") return "host";
  if (mode.kind === "container") {
    return { path: processNamespace(runningPid(context, mode.reference, "network"), "net") };
  }
  const dir = pinnedDir(context, container);
  // What a start left that was cut off.
  unpinNamespaces(dir);
  return { path: pinNamespaces(dir, ["net"]).net };
}

function sharedNamespace(
  context: EngineContext,
  mode: string | undefined,
  owner: string | undefined,
  type: "ipc" | "pid",
): NamespaceChoice {
  if (mode === "host") return "host";
  if (owner === undefined) return "new";
  return { path: processNamespace(runningPid(context, owner, type.toUpperCase()), type) };
}

function runningPid(context: EngineContext, reference: string, what: string): number {
  const owner = context.containers.get(reference);
  const pid = owner.hasProcess ? context.runtime.pidOf(owner.id) : undefined;
  if (pid === undefined) {
    throw conflict(
      `cannot join ${what} namespace of a non running container: container ${owner.id} is not running`,
      {
        code: "Engine.NamespaceOwnerNotRunning",
      },
    );
  }
  return pid;
}

/** The path of the container's own network namespace while it runs; undefined when it has none of its own. */
export function ownNetworkNamespace(context: EngineContext, container: Container): string | undefined {
  const given = container.record.internal?.namespacePaths?.net;
  if (given) return given;
  return ["network", "none"].includes(networkModeOf(container).kind)
    ? join(pinnedDir(context, container), "net")
    : undefined;
}

export function releaseNamespaces(context: EngineContext, container: Container): void {
  unpinNamespaces(pinnedDir(context, container));
  unmountSharedMemory(container);
}
