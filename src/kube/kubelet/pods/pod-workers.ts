import type { Clock, Logger } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { PodAllocation } from "../resize/pod-allocation.ts";
import type { Rejection } from "./admission.ts";
import type { PodEvents } from "./pod-events.ts";
import { PodMemory } from "./pod-memory.ts";
import type { PodSyncer } from "./pod-syncer.ts";
import type { PodTerminator } from "./pod-terminator.ts";
import { PodWorker } from "./pod-worker.ts";

export interface PodWorkersOptions {
  syncer: PodSyncer;
  terminator: PodTerminator;
  objects: ReferencedObjects;
  events: PodEvents;
  /** Whether the node takes the pod beside the others. */
  admit: (pod: Pod, others: Iterable<Pod>) => Rejection | undefined;
  podDir: (podUid: string) => string;
  /** Drops what is kept of a pod elsewhere. */
  forget: (podUid: string) => void;
  logger: Logger;
  clock: Clock;
}

/** One worker for each pod of the node, by uid. */
export class PodWorkers {
  readonly #options: PodWorkersOptions;
  readonly #workers = new Map<string, PodWorker>();

  constructor(options: PodWorkersOptions) {
    this.#options = options;
  }

  byUid(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  all(): Iterable<PodWorker> {
    return this.#workers.values();
  }

  /** A pod is on the node, new or changed. */
  update(pod: Pod): void {
    const known = this.#workers.get(pod.metadata.uid);
    if (known) {
      known.update(pod);
      return;
    }
    const worker = this.#create(pod);
    this.#workers.set(pod.metadata.uid, worker);
    worker.wake();
  }

  deleted(pod: Pod): void {
    this.#workers.get(pod.metadata.uid)?.deleted(pod);
  }

  /** A static pod is to end. */
  removed(pod: Pod): void {
    this.#workers.get(pod.metadata.uid)?.removed();
  }

  /** Pods that are kept running, with the resources that they have. */
  *running(): Iterable<Pod> {
    for (const { phase, allocatedPod, memory } of this.#workers.values())
      if (phase === "syncing" && !memory.rejection) yield allocatedPod;
  }

  /** Uids of pods that have ended for good and are not deleted. */
  *ended(): Iterable<string> {
    for (const [uid, { phase }] of this.#workers) if (phase === "terminated") yield uid;
  }

  wake(podUid: string): void {
    this.#workers.get(podUid)?.wake();
  }

  wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  #create(pod: Pod): PodWorker {
    const { objects, forget, podDir, logger } = this.#options;
    const { uid } = pod.metadata;
    const memory = new PodMemory(
      objects.readerFor(uid, () => this.wake(uid)),
      new PodAllocation(podDir(uid), logger),
    );
    this.#admit(pod, memory);
    return new PodWorker(pod, memory, {
      ...this.#options,
      onTerminated: () => {
        objects.release(uid);
        this.#retryResizes();
      },
      onFinished: () => {
        this.#workers.delete(uid);
        objects.release(uid);
        forget(uid);
      },
    });
  }

  /** Whether the node has room for what a pod of its own asks for by now. */
  admitResized(pod: Pod): Rejection | undefined {
    return this.#options.admit(pod, this.#activePods(pod.metadata.uid));
  }

  /** Something has become free: those whose resizes wait for it look again. */
  #retryResizes(): void {
    for (const worker of this.#workers.values()) if (worker.memory.resize.pending) worker.wake();
  }

  /** A pod that has a start time was admitted before the program was started anew, and stays. */
  #admit(pod: Pod, memory: PodMemory): void {
    if (
      pod.status?.startTime !== undefined ||
      isPodPhaseTerminal(pod.status?.phase) ||
      pod.metadata.deletionTimestamp
    )
      return;
    const rejection = this.#options.admit(pod, this.#activePods());
    if (!rejection) return;
    this.#options.events.warning(pod, rejection.reason, rejection.message);
    memory.rejection = { reason: rejection.reason, message: `Pod was rejected: ${rejection.message}` };
  }

  /** What a pod that is being ended has is not free before it has ended. */
  *#activePods(exceptUid?: string): Iterable<Pod> {
    for (const [uid, { phase, pod, allocatedPod, memory }] of this.#workers) {
      if (uid === exceptUid) continue;
      const mayRun = phase === "syncing" || phase === "terminating";
      if (mayRun && !memory.rejection && !isPodPhaseTerminal(pod.status?.phase)) yield allocatedPod;
    }
  }
}
