import {
  backoffMs,
  type Cancel,
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
} from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import { podLogName } from "../naming.ts";
import type { PodFailure } from "../status/pod-status.ts";
import type { PodEvents } from "./pod-events.ts";
import type { PodMemory } from "./pod-memory.ts";
import { graceSeconds, type PodSyncer } from "./pod-syncer.ts";
import type { PodTerminator } from "./pod-terminator.ts";
import { StartFailure } from "./start-failure.ts";

export interface PodWorkerOptions {
  syncer: PodSyncer;
  terminator: PodTerminator;
  events: PodEvents;
  logger: Logger;
  clock: Clock;
  /** Nothing is left of the pod, in the runtime and in the API. */
  onFinished: (worker: PodWorker) => void;
  /** The pod has ended for good, and its resources are free. */
  onTerminated: (worker: PodWorker) => void;
}

/**
 * `syncing`: kept as its spec says. `terminating`: its containers are being ended. `terminated`: they have ended and its
 * volumes are gone; a pod that is not deleted stays so, with its logs. `finished`: nothing is left.
 */
export type WorkerPhase = "syncing" | "terminating" | "terminated" | "finished";

const RETRY = { initialMs: 1000, maxMs: 60_000 };
/** Of a pod that has vanished from the API: forced deletion. */
const FORCED_GRACE_SECONDS = 1;

/** Works on one pod, one step at a time, whenever something happened to it. Its phase only ever goes forward. */
export class PodWorker {
  readonly memory: PodMemory;
  readonly #options: PodWorkerOptions;
  #pod: Pod;
  #phase: WorkerPhase = "syncing";
  #isDeleted = false;
  #graceSeconds: number | undefined;
  #work: Promise<void> | undefined;
  #mustLook = false;
  #isStopped = false;
  #failures = 0;
  #cancelTimer: Cancel = () => {};
  #step = new AbortController();
  #hurry = new AbortController();

  constructor(pod: Pod, memory: PodMemory, options: PodWorkerOptions) {
    this.#pod = pod;
    this.memory = memory;
    this.#options = options;
    if (isPodPhaseTerminal(pod.status?.phase) || memory.rejection) this.#phase = "terminating";
    this.#follow(pod);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** With the resources that it was promised. */
  get allocatedPod(): Pod {
    return this.memory.allocation.of(this.#pod);
  }

  get phase(): WorkerPhase {
    return this.#phase;
  }

  /** A newer version of the pod's object. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#follow(pod);
    this.wake();
  }

  /** The pod's object is gone from the API. */
  deleted(pod: Pod): void {
    this.#pod = pod;
    this.#isDeleted = true;
    this.#terminate(FORCED_GRACE_SECONDS);
    this.wake();
  }

  /** The file of a static pod is gone, or asks for another one: it ends as one that is deleted. */
  removed(): void {
    this.#isDeleted = true;
    this.#terminate(graceSeconds(this.#pod));
    this.wake();
  }

  /** The pod has failed as a whole: its containers are ended within the grace. */
  fail(failure: PodFailure, grace: number): void {
    if (this.#phase !== "syncing") return;
    this.memory.failure ??= failure;
    this.#terminate(grace);
    this.wake();
  }

  /** Something happened: look at the pod. */
  wake(): void {
    if (this.#isStopped || this.#phase === "finished") return;
    this.#mustLook = true;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  /** The program ends; the pod's containers go on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#step.abort();
    await this.#work;
  }

  #follow(pod: Pod): void {
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp === undefined) return;
    this.#terminate(deletionGracePeriodSeconds ?? graceSeconds(pod));
  }

  #terminate(grace: number): void {
    const isShorter = this.#graceSeconds === undefined || grace < this.#graceSeconds;
    if (isShorter) this.#graceSeconds = grace;
    if (this.#phase === "syncing") {
      this.#phase = "terminating";
      this.#step.abort();
      // A restart that is being waited for (a container that ignores SIGTERM) does not hold up a forced deletion.
      if (grace <= FORCED_GRACE_SECONDS && this.#work) this.#beQuick(grace);
    } else if (this.#phase === "terminating" && isShorter && this.#work) {
      this.#hurry.abort();
      this.#hurry = new AbortController();
      this.#beQuick(grace);
    }
  }

  #beQuick(grace: number): void {
    this.#options.terminator.hurry(this.#pod, grace).catch((error) => this.#report(error));
  }

  async #run(): Promise<void> {
    while (this.#mustLook && !this.#isStopped) {
      this.#mustLook = false;
      this.#cancelTimer();
      try {
        await this.#look();
        this.#failures = 0;
      } catch (error) {
        if (this.#isStopped || isGantryError(error, "Canceled")) continue;
        this.#report(error);
        this.#wakeAfter(backoffMs(this.#failures++, RETRY));
      }
    }
  }

  async #look(): Promise<void> {
    switch (this.#phase) {
      case "syncing":
        return this.#sync();
      case "terminating":
        return this.#endIt();
      case "terminated":
        return this.#finish();
    }
  }

  async #sync(): Promise<void> {
    this.#step = new AbortController();
    const { isTerminal, wakeAfterMs } = await this.#options.syncer.sync(
      this.#pod,
      this.memory,
      this.#step.signal,
    );
    if (isTerminal && this.#phase === "syncing") {
      this.#phase = "terminating";
      this.#graceSeconds ??= graceSeconds(this.#pod);
    }
    if (this.#phase === "terminating") this.#mustLook = true;
    else if (wakeAfterMs !== undefined) this.#wakeAfter(wakeAfterMs);
  }

  async #endIt(): Promise<void> {
    const { terminator, onTerminated } = this.#options;
    const grace = this.#graceSeconds ?? graceSeconds(this.#pod);
    await terminator.endContainers(this.allocatedPod, this.memory, grace, this.#hurry.signal);
    await terminator.removeVolumes(this.#pod);
    this.#phase = "terminated";
    onTerminated(this);
    this.#mustLook = true;
  }

  async #finish(): Promise<void> {
    const { terminator, onFinished } = this.#options;
    if (this.#isDeleted) {
      await terminator.removeTraces(this.#pod);
      this.#phase = "finished";
      onFinished(this);
    } else if (this.#pod.metadata.deletionTimestamp !== undefined) {
      await terminator.deleteFromApi(this.#pod);
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => this.wake(), { unref: true });
  }

  #report(error: unknown): void {
    const { events, logger } = this.#options;
    logger.warn("a pod could not be brought to its state, will retry", {
      pod: podLogName(this.#pod),
      phase: this.#phase,
      error: errorMessage(error),
    });
    // What could not be started has had its own event.
    if (this.#phase === "syncing" && !(error instanceof StartFailure))
      events.warning(this.#pod, "FailedSync", `error syncing pod: ${errorMessage(error)}`);
  }
}
