import {
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  rfc3339Seconds,
  WorkQueue,
} from "../../base/index.ts";
import { isPodTerminal, type Pod, pods as podsResource } from "../api/index.ts";
import type { Informer, KubeClient } from "../client/index.ts";
import type { NodeAddresses } from "./node-addresses.ts";
import { lifeOf } from "./pod-life.ts";
import { endedStatus, isReadinessTold, runningStatus } from "./pod-status.ts";

const AT_ONCE = 256;

export interface PodRunnerOptions {
  client: KubeClient;
  pods: Informer<Pod>;
  /** By the name of the node. */
  addresses: ReadonlyMap<string, NodeAddresses>;
  logger: Logger;
  clock: Clock;
}

const keyOf = ({ metadata: { namespace, name } }: Pod): string => `${namespace}/${name}`;

/** Lets the pods of all simulated nodes seem to run: they start at once, end when it is time, and go when they are to. */
export class PodRunner {
  readonly #options: PodRunnerOptions;
  readonly #queue: WorkQueue;

  constructor(options: PodRunnerOptions) {
    const { clock, logger } = options;
    this.#options = options;
    this.#queue = new WorkQueue((key) => this.#act(key), {
      concurrency: AT_ONCE,
      retryMaxMs: 5_000,
      clock,
      onError: (pod, error) => {
        // It has just been changed, and is looked at again.
        if (!isGantryError(error, "Conflict"))
          logger.warn("a simulated pod was not told of, will retry", { pod, error: errorMessage(error) });
      },
    });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const look = (pod: Pod): void => {
      if (this.#addressesOf(pod)) this.#queue.add(keyOf(pod));
    };
    const unsubscribe = this.#options.pods.subscribe({
      onAdd: look,
      onUpdate: look,
      onDelete: (pod) => this.#addressesOf(pod)?.release(pod.metadata.uid),
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    unsubscribe();
    await this.#queue.stop();
  }

  #addressesOf({ spec }: Pod): NodeAddresses | undefined {
    return spec.nodeName ? this.#options.addresses.get(spec.nodeName) : undefined;
  }

  async #act(key: string): Promise<void> {
    const pod = this.#options.pods.get(key);
    const addresses = pod && this.#addressesOf(pod);
    if (!pod || !addresses) return;
    const isOver = isPodTerminal(pod);
    if (isOver) addresses.release(pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined) await this.#remove(pod);
    else if (!isOver && pod.status?.phase !== "Running") await this.#start(pod, addresses);
    else if (!isOver) await this.#goOn(pod, addresses);
  }

  async #start(pod: Pod, addresses: NodeAddresses): Promise<void> {
    const hostIp = addresses.ofNode;
    const podIp = pod.spec.hostNetwork ? hostIp : addresses.take(pod.metadata.uid, pod.status?.podIP);
    const { client } = this.#options;
    await unlessGone(
      client.updateStatus(podsResource, {
        ...pod,
        status: runningStatus(pod, { podIp, hostIp }, this.#now()),
      }),
    );
  }

  /** It runs: keeps its address, and ends where its time is over. */
  async #goOn(pod: Pod, addresses: NodeAddresses): Promise<void> {
    const { client, clock } = this.#options;
    if (!pod.spec.hostNetwork) addresses.take(pod.metadata.uid, pod.status?.podIP);
    if (!isReadinessTold(pod)) return this.#start(pod, addresses);
    const { runsForMs, exitCode } = lifeOf(pod);
    if (runsForMs === undefined) return;
    const startedMs = Date.parse(pod.status?.startTime ?? "") || clock.nowMs();
    const leftMs = startedMs + runsForMs - clock.nowMs();
    if (leftMs > 0) {
      this.#queue.addAfter(keyOf(pod), leftMs);
      return;
    }
    const status = endedStatus(pod, exitCode, this.#now());
    await unlessGone(client.updateStatus(podsResource, { ...pod, status }));
  }

  /** Nothing has to be waited for; finalizers hold the object all the same. */
  async #remove({ metadata: { namespace, name, uid, deletionGracePeriodSeconds } }: Pod): Promise<void> {
    if (deletionGracePeriodSeconds === 0) return;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await unlessGone(this.#options.client.delete(podsResource, namespace, name, options));
  }

  #now(): string {
    return rfc3339Seconds(this.#options.clock.nowMs());
  }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
  }
}
