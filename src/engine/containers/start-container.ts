import { conflict, errorMessage, failpoint, fairTurn, GantryError } from "../../base/index.ts";
import { isSharedMount } from "../../runtime/index.ts";
import { type EngineContext, inBackground, rootfsOf, tellStatus } from "../context.ts";
import { alreadyStarted, markedForRemoval } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { emitMounts } from "../events/volume-events.ts";
import { startHealthChecks } from "../health/health-checks.ts";
import { endForwarding, startForwarding } from "../logs/forward-logs.ts";
import { keepLog } from "../logs/log-rotation.ts";
import { plugIn, unplug } from "../networks/container-networks.ts";
import { assertLinksRun, linkedFrom } from "../networks/links.ts";
import { isNetworkMode } from "../networks/network-mode.ts";
import { ownNetworkNamespace, prepareNamespaces, releaseNamespaces } from "../spec/container-namespaces.ts";
import { containerSpec } from "../spec/container-spec.ts";
import { etcMounts, makeEtcFiles, updateHostsFile } from "../spec/etc-files.ts";
import { assertPropagation } from "../spec/mount-propagation.ts";
import { ociMounts, prepareMountSources } from "../spec/oci-mounts.ts";
import { releaseVolumes } from "../volumes/held-volumes.ts";
import { unstageMounts } from "../volumes/staged-mounts.ts";
import type { Container } from "./container.ts";
import { setRunning, setStartFailed } from "./container-state.ts";
import { exclusively } from "./exclusive.ts";
import { removeContainer } from "./remove-container.ts";

/** Starts a container on somebody's request: its restart policy begins anew. */
export async function startContainer(context: EngineContext, reference: string): Promise<void> {
  await exclusively(context, reference, (container) => startAnew(context, container));
}

/** Called with the lock held. */
export async function startAnew(context: EngineContext, container: Container): Promise<void> {
  assertStartable(container);
  container.exitIsWanted = false;
  container.restartDelayMs = 0;
  container.record.restartCount = 0;
  container.record.manuallyStopped = false;
  await launch(context, container);
}

function assertStartable(container: Container): void {
  const { state, removing } = container.record;
  if (state.Paused) {
    throw conflict("cannot start a paused container, try unpause instead", { code: "Engine.Paused" });
  }
  if (state.Running) throw alreadyStarted();
  if (removing || state.Dead || container.removalInProgress || container.removed)
    throw markedForRemoval("started");
}

/** Runs the container's process; called with its lock held. Leaves nothing behind when it fails. */
export async function launch(context: EngineContext, container: Container): Promise<void> {
  try {
    await run(context, container);
  } catch (error) {
    await startFailed(context, container, error);
    throw error;
  }
  emitContainerEvent(context, container, "start");
  startHealthChecks(context, container);
  container.tellStarted();
  tellStatus(context, container);
}

async function run(context: EngineContext, container: Container): Promise<void> {
  const { runtime } = context;
  const { config } = container.record;
  await container.unplugged;
  await fairTurn();
  assertLinksRun(context, container);
  const namespaces = prepareNamespaces(context, container);
  const mounts = ociMounts(context, container);
  const targets = new Set(mounts.map((mount) => mount.destination));
  const netns =
    isNetworkMode(container, "network") && !container.isCri
      ? ownNetworkNamespace(context, container)
      : undefined;
  const plugging = netns ? plugIn(context, container, netns) : Promise.resolve();
  plugging.catch(() => {});
  const [rootfs] = await Promise.all([
    rootfsOf(context, container),
    prepareMountSources(context, container),
    makeEtcFiles(context, container),
    startForwarding(context, container),
  ]);
  assertPropagation(mounts);
  const creating = runtime.create({
    id: container.id,
    bundleDir: container.path("bundle"),
    rootfs,
    rootfsDir: container.path("rootfs"),
    logPath: container.record.logPath,
    sharedSources: mounts.filter(isSharedMount).map((mount) => mount.source!),
    terminal: config.Tty ?? false,
    openStdin: config.OpenStdin ?? false,
    // A terminal that somebody detached from can be attached to again.
    leaveStdinOpen: !config.StdinOnce || (config.Tty ?? false),
    buildSpec: (rootfsDir) =>
      containerSpec(context, {
        container,
        rootfsDir,
        mounts: [...mounts, ...etcMounts(context, container, targets)],
        namespaces,
        shmSource: namespaces.shmSource,
      }),
  });
  const [created] = await settleBoth(creating, plugging);
  await unstageMounts(context, container.id);
  await updateHostsFile(context, container);
  setRunning(container.record.state, created.pid, context.clock.nowMs());
  container.record.startedBefore = true;
  failpoint("engine/start/created");
  // Known on disk before it is told, but not before the process may run: an adopted one is found by the runtime.
  await Promise.all([runtime.start(container.id), context.containers.save(container)]);
  keepLog(context, container);
  for (const other of linkedFrom(context, container)) await updateHostsFile(context, other);
  emitMounts(context, container);
}

/** Waits for both, so that a failure of one finds the other finished and can undo it. */
async function settleBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

const EXIT_CODE_OF_FAILURE: Record<string, number> = {
  "Runtime.CommandNotFound": 127,
  "Runtime.NotADirectory": 127,
  "Runtime.CommandNotExecutable": 126,
};
const UNKNOWN_FAILURE_EXIT_CODE = 128;

async function startFailed(context: EngineContext, container: Container, error: unknown): Promise<void> {
  endForwarding(context, container);
  await context.runtime.delete(container.id);
  await unplug(context, container);
  releaseNamespaces(context, container);
  await unstageMounts(context, container.id);
  await releaseVolumes(context, container);
  const code = error instanceof GantryError ? EXIT_CODE_OF_FAILURE[error.code] : undefined;
  setStartFailed(container.record.state, errorMessage(error), code ?? UNKNOWN_FAILURE_EXIT_CODE);
  await context.containers.saveOrDefer(container);
  tellStatus(context, container);
  if (container.record.hostConfig.AutoRemove) {
    // After the lock that the caller holds.
    inBackground(context, "removing a container that did not start", () =>
      removeContainer(context, container.id, { force: true, removeVolumes: true }),
    );
  }
}
