import { rm } from "node:fs/promises";
import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import type { CriRuntimeService } from "../../../cri/types.ts";
import type { Pod } from "../../api/index.ts";
import { isPodPhaseTerminal, pods } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { ContainerKiller } from "../containers/container-killer.ts";
import { removeContainer } from "../containers/container-pruner.ts";
import { podLogDirectory, podLogName } from "../naming.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import type { StatusManager } from "../status/status-manager.ts";
import type { StatusPublisher } from "../status/status-publisher.ts";
import type { VolumeManager } from "../volumes/volume-manager.ts";
import type { PodGuard } from "./pod-guard.ts";
import type { PodMemory } from "./pod-memory.ts";
import { type PodRuntimeState, readRuntimeState, runningContainers } from "./runtime-state.ts";

export interface PodTerminatorOptions {
  client: KubeClient;
  runtime: CriRuntimeService;
  killer: ContainerKiller;
  probes: ProbeManager;
  publisher: StatusPublisher;
  statuses: StatusManager;
  volumes: VolumeManager;
  podLogsDir: string;
  guard: PodGuard;
  untilPodLeft: UntilPodLeft;
  logger: Logger;
  clock: Clock;
}

/** A pod that is going away. */
export interface LeavingPod {
  uid: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** Whether Services that select it list it until it is gone: it has an address, is deleted, and has not finished. */
  isListed: boolean;
}

/**
 * Takes a pod that is going away out of its Services: resolves when none leads connections to it any more. Who does so is
 * the node's proxy.
 */
export type UntilPodLeft = (pod: LeavingPod, signal: AbortSignal) => Promise<void>;

/** A forced deletion waits for nothing. */
const FORCED_GRACE_SECONDS = 1;
/** When leaving its Services has used a pod's grace up, this much is left for SIGTERM (as after a preStop hook). */
const AFTER_LEAVING_SECONDS = 2;

/** Takes pods down. Every step may be repeated, for the program may be ended between any two. */
export class PodTerminator {
  readonly #options: PodTerminatorOptions;

  constructor(options: PodTerminatorOptions) {
    this.#options = options;
  }

  /**
   * Ends the containers within the grace, then the sandbox, and only then tells how the pod has ended. Readiness goes on being
   * probed as long as they run. The pod leaves its Services before it hears of its end: a program that closes its port at once
   * on SIGTERM would otherwise refuse the connections that are still led to it.
   */
  async endContainers(pod: Pod, memory: PodMemory, graceSeconds: number, hurry: AbortSignal): Promise<void> {
    const { runtime, killer, probes, publisher, guard } = this.#options;
    const { uid } = pod.metadata;
    let graceLeft: number | undefined;
    for (;;) {
      const state = await readRuntimeState(runtime, uid);
      probes.reconcile(pod, state, { readinessOnly: true });
      if (!memory.rejection && !isOnlyRecord(pod, state)) publisher.publish(pod, memory, state);
      if (runningContainers(state).length === 0) break;
      graceLeft ??= await this.#leaveServices(pod, graceSeconds, hurry);
      await killer.killAll(pod, state, { graceSeconds: graceLeft, signal: hurry });
    }
    probes.removePod(uid);
    for (const sandbox of (await readRuntimeState(runtime, uid)).sandboxes)
      await runtime.stopPodSandbox(sandbox.id);
    guard.release(uid);
    const ended = await readRuntimeState(runtime, uid);
    if (memory.rejection) publisher.publishRejected(pod, memory.rejection);
    else if (!isOnlyRecord(pod, ended)) publisher.publishEnded(pod, memory, ended);
  }

  /** Returns how much of the grace is left, in seconds. */
  async #leaveServices(pod: Pod, graceSeconds: number, hurry: AbortSignal): Promise<number> {
    const { untilPodLeft, clock, logger } = this.#options;
    if (graceSeconds <= FORCED_GRACE_SECONDS || isPodPhaseTerminal(pod.status?.phase)) return graceSeconds;
    const beganMs = clock.monotonicMs();
    const late = new AbortController();
    const cancel = clock.after(graceSeconds * 1000, () => late.abort());
    try {
      await untilPodLeft(this.#leaving(pod), AbortSignal.any([hurry, late.signal]));
    } catch (error) {
      if (!hurry.aborted && !late.signal.aborted) throw error;
      if (late.signal.aborted)
        logger.warn("a pod is ended while Services may still lead to it", { pod: podLogName(pod) });
    } finally {
      cancel();
    }
    const usedSeconds = Math.floor((clock.monotonicMs() - beganMs) / 1000);
    return usedSeconds > 0 ? Math.max(graceSeconds - usedSeconds, AFTER_LEAVING_SECONDS) : graceSeconds;
  }

  #leaving(pod: Pod): LeavingPod {
    const { uid, namespace = "", labels = {}, deletionTimestamp } = pod.metadata;
    const isEnded = isPodPhaseTerminal(this.#options.statuses.statusOf(pod).phase);
    const isListed = deletionTimestamp !== undefined && Boolean(pod.status?.podIP) && !isEnded;
    return { uid, namespace, labels, isListed };
  }

  /** A shorter grace came in while containers are being ended. */
  async hurry(pod: Pod, graceSeconds: number): Promise<void> {
    const { runtime } = this.#options;
    const state = await readRuntimeState(runtime, pod.metadata.uid);
    await Promise.all(
      runningContainers(state).map(({ id }) => runtime.stopContainer(id, Math.max(1, graceSeconds))),
    );
  }

  async removeVolumes(pod: Pod): Promise<void> {
    await this.#options.volumes.tearDown(pod.metadata.uid);
  }

  /** The object goes from the API once nothing of the pod is left; the uid guards a newer pod of the same name. */
  async deleteFromApi(pod: Pod): Promise<void> {
    const { client, statuses } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    await statuses.flush(uid);
    try {
      await client.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
    }
  }

  /** Records and logs of a pod that the API does not know any more. */
  async removeTraces(pod: Pod): Promise<void> {
    const { runtime, statuses, podLogsDir, logger } = this.#options;
    const { uid, name, namespace = "" } = pod.metadata;
    statuses.forget(uid);
    try {
      const state = await readRuntimeState(runtime, uid);
      for (const container of state.containers) await removeContainer(container, runtime);
      for (const sandbox of state.sandboxes) await runtime.removePodSandbox(sandbox.id);
      await rm(podLogDirectory(podLogsDir, { namespace, name, uid }), { recursive: true, force: true });
    } catch (error) {
      logger.warn("a deleted pod left something behind, will be cleaned up later", {
        pod: podLogName(pod),
        error: errorMessage(error),
      });
    }
  }
}

/** The API's record of an ended pod is all that is left of it. */
function isOnlyRecord(pod: Pod, state: PodRuntimeState): boolean {
  return isPodPhaseTerminal(pod.status?.phase) && state.containers.length === 0;
}
