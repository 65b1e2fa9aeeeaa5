import { join } from "node:path";
import { isGantryError, namesInDirectory } from "../base/index.ts";
import { cgroupsBelow, killCgroup, removeCgroup, unpinNamespaces } from "../kernel/index.ts";
import type { Container } from "./containers/container.ts";
import { setPaused, setRunning } from "./containers/container-state.ts";
import { containerEnded } from "./containers/exit-handler.ts";
import { deleteRemains, removeContainer } from "./containers/remove-container.ts";
import { shallRestart } from "./containers/restart-policy.ts";
import { launch } from "./containers/start-container.ts";
import { type EngineContext, inBackground } from "./context.ts";
import { startHealthChecks } from "./health/health-checks.ts";
import { resumeForwarding } from "./logs/forward-logs.ts";
import { keepLog } from "./logs/log-rotation.ts";
import { unplug } from "./networks/container-networks.ts";
import { releaseNamespaces } from "./spec/container-namespaces.ts";
import { adoptVolumes, releaseVolumes } from "./volumes/held-volumes.ts";

/** Undoes creates that were cut off before their record was written. */
export async function discardCutOff(context: EngineContext, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await context.images.removeSnapshot(id).catch((error: unknown) => {
      if (!isGantryError(error, "NotFound"))
        context.logger.warn("a snapshot stays", { container: id, error });
    });
    await context.containers.removeDirectory(id);
  }
}

/**
 * Brings the records in line with what is there after a start of the program: running containers are adopted, ends that
 * nobody saw are recorded, what was cut off half way is undone. Starts nothing.
 */
export async function adoptContainers(context: EngineContext): Promise<void> {
  await Promise.all(
    context.containers.all().map(async (container) => {
      try {
        await container.lock.run(() => adopt(context, container));
      } catch (error) {
        context.logger.error("a container could not be adopted", { container: container.id, error });
      }
    }),
  );
  await removeStrays(context);
}

async function adopt(context: EngineContext, container: Container): Promise<void> {
  if (container.record.removing) {
    context.containers.forget(container);
    inBackground(context, "deleting a removed container's files", () => deleteRemains(context, container));
    return;
  }
  const found = await context.runtime.adopt(container.id);
  switch (found.status) {
    case "running":
    case "paused":
      await adoptRunning(context, container, found.pid, found.status === "paused");
      return;
    case "created":
      await finishStart(context, container, found.pid);
      return;
    case "exited":
      markRunning(context, container, 0);
      await containerEnded(context, container, found.exit);
      return;
    case "absent":
      await adoptAbsent(context, container);
  }
}

async function adoptRunning(
  context: EngineContext,
  container: Container,
  pid: number,
  paused: boolean,
): Promise<void> {
  markRunning(context, container, pid);
  setPaused(container.record.state, paused);
  adoptVolumes(context, container);
  keepLog(context, container);
  resumeForwarding(context, container);
  await context.containers.saveOrDefer(container);
  if (!paused) startHealthChecks(context, container);
}

/** The record may still say what was before a start that was under way. */
function markRunning(context: EngineContext, container: Container, pid: number): void {
  const { state } = container.record;
  if (state.Running && !state.Restarting) state.Pid = pid;
  else setRunning(state, pid, context.clock.nowMs());
  container.record.startedBefore = true;
}

/** Made but not let go: with a record that says it runs the start is finished, else it was never acknowledged. */
async function finishStart(context: EngineContext, container: Container, pid: number): Promise<void> {
  if (container.hasProcess) {
    await context.runtime.start(container.id);
    await adoptRunning(context, container, pid, false);
    return;
  }
  await context.runtime.delete(container.id);
  await unplug(context, container);
  releaseNamespaces(context, container);
  await releaseVolumes(context, container);
}

/** Not even its exit code is left: the machine was restarted, or somebody cleaned up. */
async function adoptAbsent(context: EngineContext, container: Container): Promise<void> {
  if (container.hasProcess) {
    await containerEnded(context, container, {
      exitCode: 255,
      oomKilled: false,
      finishedAtMs: context.clock.nowMs(),
    });
    return;
  }
  await unplug(context, container);
  releaseNamespaces(context, container);
  await releaseVolumes(context, container);
}

/** What belongs to no container: of a create or a removal that was cut off. */
async function removeStrays(context: EngineContext): Promise<void> {
  for (const id of await context.runtime.list()) {
    if (isStray(context, id)) await context.runtime.delete(id);
  }
  await removeStrayCgroups(context, `/gantry-${context.instanceId}`);
  for (const id of await namesInDirectory(context.namespacesDir)) {
    // The CRI pins its pods' namespaces elsewhere; a name that is no container's id is not ours.
    if (isContainerId(id) && isStray(context, id)) unpinNamespaces(join(context.namespacesDir, id));
  }
}

const isContainerId = (name: string) => /^[0-9a-f]{64}$/.test(name);

/** Of containers whose creation or removal was cut off before, or after, anything else knew of them. */
async function removeStrayCgroups(context: EngineContext, parent: string): Promise<void> {
  for (const name of cgroupsBelow(parent)) {
    const path = `${parent}/${name}`;
    if (!isContainerId(name)) await removeStrayCgroups(context, path);
    else if (isStray(context, name) || context.containers.byId(name)?.hasProcess === false)
      await removeStrayCgroup(context, path);
  }
}

async function removeStrayCgroup(context: EngineContext, path: string): Promise<void> {
  killCgroup(path);
  try {
    await removeCgroup(path);
  } catch (error) {
    context.logger.warn("a cgroup stays that belongs to no container", { cgroup: path, error });
  }
}

function isStray({ containers }: EngineContext, id: string): boolean {
  return !containers.byId(id) && !containers.leftAlone.has(id);
}

/** Applies the restart policies to those that do not run: after a start of the program, as dockerd does after its own. */
export async function restartStopped(context: EngineContext): Promise<void> {
  await Promise.all(
    context.containers.all().map(async (container) => {
      if (container.isCri || container.isRunning || container.removed) return;
      const { hostConfig, state, restartCount, manuallyStopped, startedBefore } = container.record;
      if (hostConfig.AutoRemove && startedBefore) {
        await removeContainer(context, container.id, { removeVolumes: true }).catch(() => {});
        return;
      }
      if (!startedBefore) return;
      const ended = {
        policy: hostConfig.RestartPolicy,
        exitCode: state.ExitCode,
        restartCount,
        manuallyStopped,
      };
      if (!shallRestart(ended)) return;
      await container.lock.run(() => restart(context, container));
    }),
  );
}

async function restart(context: EngineContext, container: Container): Promise<void> {
  if (container.isRunning || container.removed || container.removalInProgress) return;
  container.exitIsWanted = false;
  container.record.manuallyStopped = false;
  try {
    await launch(context, container);
  } catch (error) {
    context.logger.warn("a container could not be restarted", { container: container.id, error });
  }
}
