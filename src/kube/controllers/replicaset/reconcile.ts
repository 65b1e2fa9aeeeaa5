import { errorMessage } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Pod, ReplicaSetStatus } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { inDeletionOrder } from "../deletion-order.ts";
import { EXPIRE_MS } from "../expectations.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { childrenOf, claimChildren, controllerOf } from "../owner.ts";
import { isActive } from "../pod-state.ts";
import type { PodPlan, PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { unlessGone } from "../write-errors.ts";
import type { ReplicaKind, ReplicaOwner } from "./replica-owner.ts";
import { computeStatus } from "./status.ts";

/** At most this many pods are made or deleted in one pass (upstream's BurstReplicas). */
const BURST = 500;

interface Sources {
  kind: ReplicaKind;
  owners: Informer<ReplicaOwner>;
  pods: Informer<Pod>;
  writer: PodWriter;
}

/** Brings one owner's pods to the declared number, then its status to what is there. */
export function createReconciler(
  { client, clock }: ControllerDependencies,
  { kind, owners, pods, writer }: Sources,
): (key: string, enqueue: Enqueue) => Promise<void> {
  /** Active pods of all that the owner's own controller controls (the ReplicaSets of a Deployment). */
  const relatedPods = (owner: ReplicaOwner, owned: readonly Pod[]): readonly Pod[] => {
    const controller = controllerOf(owner);
    if (!controller) return owned;
    const siblings = childrenOf(owners, controller.uid);
    return siblings.flatMap((one) => childrenOf(pods, one.metadata.uid).filter(isActive));
  };

  /** Makes or deletes what is missing or too much; returns what went wrong. */
  const scale = async (owner: ReplicaOwner, owned: readonly Pod[]): Promise<unknown> => {
    const surplus = owned.length - (owner.spec.replicas ?? 1);
    if (surplus === 0) return undefined;
    const count = Math.min(Math.abs(surplus), BURST);
    if (surplus < 0) {
      const plan: PodPlan = { template: owner.spec.template!, generateName: `${owner.metadata.name}-` };
      return (await writer.create(owner, Array(count).fill(plan))).problem;
    }
    const order = inDeletionOrder(owned, relatedPods(owner, owned), clock.nowMs());
    return (await writer.delete(owner, order.slice(0, count))).problem;
  };

  const writeStatus = async (owner: ReplicaOwner, status: ReplicaSetStatus): Promise<void> => {
    if (jsonEquals(newest(owners, owner).status ?? {}, status)) return;
    const write = (base: ReplicaOwner) => client.updateStatus(kind.resource, { ...base, status });
    await unlessGone(writeOnNewest(owners, owner, write));
  };

  return async (key, enqueue) => {
    if (!owners.get(key)) return writer.forget(key);
    const isSettled = await writer.isSettled(key);
    // What was made and deleted between two looks of the informer is never seen.
    if (!isSettled) enqueue(key, EXPIRE_MS + 1);
    const owner = owners.get(key);
    if (!owner) return;
    let isOlder = false;
    const claimed = await claimChildren({
      client,
      owner,
      ownerResource: kind.resource,
      children: pods,
      childResource: podsResource,
      concerns: isActive,
      matches: (pod) => selects(owner, pod),
      onWrite: () => {
        isOlder = true;
      },
    });
    const owned = isOlder ? claimed.map((pod) => newest(pods, pod)).filter(isActive) : claimed;
    const isWanted = owner.metadata.deletionTimestamp === undefined;
    const problem = isSettled && isWanted ? await scale(owner, owned) : undefined;
    const reason = owned.length < (owner.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete";
    const failure = problem === undefined ? undefined : { reason, message: errorMessage(problem) };
    const { status, recheckInMs } = computeStatus(owner, owned, failure, clock);
    await writeStatus(owner, status);
    if (recheckInMs !== undefined) enqueue(key, recheckInMs);
    if (problem !== undefined) throw problem;
  };
}
