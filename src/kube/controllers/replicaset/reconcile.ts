import { errorMessage } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Pod, ReplicaSet, ReplicaSetStatus } from "../../api/index.ts";
import { pods as podsResource, replicaSets as replicaSetsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { childrenOf, claimChildren, controllerOf } from "../owner.ts";
import { isActive } from "../pod-state.ts";
import { selects } from "../selectors.ts";
import { unlessGone } from "../write-errors.ts";
import { inDeletionOrder } from "./deletion-order.ts";
import type { ReplicaWriter } from "./replica-writer.ts";
import { computeStatus } from "./status.ts";

/** At most this many pods are made or deleted in one pass (upstream's BurstReplicas). */
const BURST = 500;

interface Sources {
  replicaSets: Informer<ReplicaSet>;
  pods: Informer<Pod>;
  writer: ReplicaWriter;
}

/** Brings one ReplicaSet's pods to the declared number, then its status to what is there. */
export function createReconciler(
  { client, clock }: ControllerDependencies,
  { replicaSets, pods, writer }: Sources,
): (key: string, enqueue: Enqueue) => Promise<void> {
  /** Active pods of all ReplicaSets that the same owner controls. */
  const relatedPods = (replicaSet: ReplicaSet, owned: readonly Pod[]): readonly Pod[] => {
    const owner = controllerOf(replicaSet);
    if (!owner) return owned;
    const siblings = childrenOf(replicaSets, owner.uid);
    return siblings.flatMap((one) => childrenOf(pods, one.metadata.uid).filter(isActive));
  };

  /** Makes or deletes what is missing or too much; returns what went wrong. */
  const scale = (replicaSet: ReplicaSet, owned: readonly Pod[]): Promise<unknown> => {
    const surplus = owned.length - (replicaSet.spec.replicas ?? 1);
    if (surplus < 0) return writer.create(replicaSet, Math.min(-surplus, BURST));
    if (surplus === 0) return Promise.resolve(undefined);
    const order = inDeletionOrder(owned, relatedPods(replicaSet, owned), clock.nowMs());
    return writer.delete(replicaSet, order.slice(0, Math.min(surplus, BURST)));
  };

  const writeStatus = async (replicaSet: ReplicaSet, status: ReplicaSetStatus): Promise<void> => {
    if (jsonEquals(newest(replicaSets, replicaSet).status ?? {}, status)) return;
    const write = (base: ReplicaSet) => client.updateStatus(replicaSetsResource, { ...base, status });
    await unlessGone(writeOnNewest(replicaSets, replicaSet, write));
  };

  return async (key, enqueue) => {
    if (!replicaSets.get(key)) return writer.forget(key);
    const isSettled = await writer.isSettled(key);
    const replicaSet = replicaSets.get(key);
    if (!replicaSet) return;
    const claimed = await claimChildren({
      client,
      owner: replicaSet,
      ownerResource: replicaSetsResource,
      children: pods,
      childResource: podsResource,
      concerns: isActive,
      matches: (pod) => selects(replicaSet, pod),
    });
    const owned = claimed.map((pod) => newest(pods, pod)).filter(isActive);
    const isWanted = replicaSet.metadata.deletionTimestamp === undefined;
    const problem = isSettled && isWanted ? await scale(replicaSet, owned) : undefined;
    const reason = owned.length < (replicaSet.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete";
    const failure = problem === undefined ? undefined : { reason, message: errorMessage(problem) };
    const { status, recheckInMs } = computeStatus(replicaSet, owned, failure, clock);
    await writeStatus(replicaSet, status);
    if (recheckInMs !== undefined) enqueue(key, recheckInMs);
    if (problem !== undefined) throw problem;
  };
}
