import { type RunningTime, rfc3339Seconds } from "../../../base/index.ts";
import type { Node, Pod } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { podsOn } from "../pods-on-node.ts";
import { unlessGone } from "../write-errors.ts";
import { evictingTaints, toleratedMs } from "./tolerated-time.ts";

/**
 * Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. A pod's time runs from when its taint was
 * first seen here, in the time in which this process ran, so that neither a jump of the wall clock nor a stop of the process,
 * in which no node could show that it is well, drives pods away.
 */
export class Eviction {
  readonly #dependencies: ControllerDependencies;
  readonly #time: RunningTime;
  readonly #pods: Informer<Pod>;
  /** By pod uid. */
  readonly #sinceMs = new Map<string, number>();

  constructor(dependencies: ControllerDependencies, time: RunningTime, pods: Informer<Pod>) {
    this.#dependencies = dependencies;
    this.#time = time;
    this.#pods = pods;
  }

  forget(podUid: string): void {
    this.#sinceMs.delete(podUid);
  }

  async work(node: Node, enqueue: Enqueue): Promise<void> {
    const taints = evictingTaints(node);
    for (const pod of podsOn(this.#pods, node.metadata.name)) {
      const { uid, deletionTimestamp } = pod.metadata;
      const staysMs = taints.length === 0 ? undefined : toleratedMs(pod, taints);
      if (deletionTimestamp !== undefined) continue;
      if (staysMs === undefined) {
        this.#cancel(pod);
        continue;
      }
      const sinceMs = this.#sinceMs.get(uid) ?? this.#time.ranMs();
      this.#sinceMs.set(uid, sinceMs);
      const leftMs = sinceMs + staysMs - this.#time.ranMs();
      if (leftMs > 0) enqueue(node.metadata.name, leftMs);
      else await this.#evict(pod);
    }
  }

  async #evict(pod: Pod): Promise<void> {
    const { client, recorder, clock } = this.#dependencies;
    const { namespace, name, uid } = pod.metadata;
    recorder.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${namespace}/${name}`);
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
      lastTransitionTime: rfc3339Seconds(clock.nowMs()),
    };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await unlessGone(
      client.patch(podsResource, namespace, name, "strategic", body, { subresource: "status" }),
    );
    await unlessGone(client.delete(podsResource, namespace, name, { preconditions: { uid } }));
  }

  #cancel(pod: Pod): void {
    const { namespace, name, uid } = pod.metadata;
    if (!this.#sinceMs.delete(uid)) return;
    this.#dependencies.recorder.event(
      pod,
      "Normal",
      "TaintManagerEviction",
      `Cancelling deletion of Pod ${namespace}/${name}`,
    );
  }
}
