import { errorMessage, isGantryError } from "../../../base/index.ts";
import { labelSelectorFrom } from "../../../formats/index.ts";
import { pods as podsResource, replicaSets as replicaSetsResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { keyOf, splitKey } from "../object-key.ts";
import { adoptionPatch, claim, controllerOf, controllerReference, releasePatch } from "../owner.ts";
import { isActive } from "../pod-state.ts";
import { slowStart } from "../slow-start.ts";
import { inDeletionOrder } from "./deletion-order.ts";
import { computeStatus } from "./status.ts";

/** At most this many pods are made or deleted in one pass (upstream's BurstReplicas). */
const BURST = 500;

/** Keeps as many pods of a ReplicaSet's template as it asks for. */
export function createReplicaSetController(dependencies: ControllerDependencies): Controller {
  const { client, informers, recorder, clock } = dependencies;
  const replicaSets = informers.informer(replicaSetsResource);
  const pods = informers.informer(podsResource);
  const creations = new Expectations(clock);
  const deletions = new Expectations(clock);

  const matches = (replicaSet: KubeObject, pod: KubeObject) =>
    labelSelectorFrom(replicaSet.spec.selector).matches(pod.metadata.labels ?? {});

  /** Keys of the ReplicaSets that a pod concerns: its controller, or for an orphan all that select it. */
  const concerned = (pod: KubeObject): string[] => {
    const owner = controllerOf(pod);
    if (owner) return owner.kind === "ReplicaSet" ? [`${pod.metadata.namespace}/${owner.name}`] : [];
    const keys: string[] = [];
    for (const one of replicaSets.list(pod.metadata.namespace)) if (matches(one, pod)) keys.push(keyOf(one));
    return keys;
  };

  const claimPods = async (replicaSet: KubeObject): Promise<KubeObject[]> => {
    const { namespace } = replicaSet.metadata;
    const claims = claim(replicaSet, pods.list(namespace), (pod) => matches(replicaSet, pod));
    const owned = claims.owned.filter(isActive);
    for (const pod of claims.adopt.filter(isActive)) {
      owned.push(await client.patch(podsResource, namespace, pod.metadata.name, "strategic", adoptionPatch(replicaSet, pod)));
    }
    for (const pod of claims.release) {
      await client.patch(podsResource, namespace, pod.metadata.name, "strategic", releasePatch(replicaSet, pod));
    }
    return owned;
  };

  const createPods = (replicaSet: KubeObject, key: string, count: number): Promise<unknown> =>
    slowStart(count, async () => {
      const template = replicaSet.spec.template;
      try {
        const pod = await client.create(podsResource, {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            ...(template.metadata ?? {}),
            generateName: `${replicaSet.metadata.name}-`,
            namespace: replicaSet.metadata.namespace!,
            ownerReferences: [controllerReference(replicaSet)],
          },
          spec: template.spec,
        });
        if (!pods.get(keyOf(pod))) creations.expect(key, pod.metadata.name);
        recorder.event(replicaSet, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
      } catch (error) {
        recorder.event(replicaSet, "Warning", "FailedCreate", `Error creating: ${errorMessage(error)}`);
        throw error;
      }
    });

  const deletePods = async (replicaSet: KubeObject, key: string, victims: readonly KubeObject[]): Promise<unknown> => {
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        deletions.expect(key, pod.metadata.uid);
        try {
          await client.delete(podsResource, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } });
          recorder.event(replicaSet, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
        } catch (error) {
          deletions.observe(key, pod.metadata.uid);
          if (isGantryError(error, "NotFound")) return;
          recorder.event(replicaSet, "Warning", "FailedDelete", `Error deleting: ${errorMessage(error)}`);
          throw error;
        }
      }),
    );
    return results.find((result) => result.status === "rejected")?.reason;
  };

  /** Brings the number of pods towards the declared one; returns what went wrong. */
  const scale = (replicaSet: KubeObject, key: string, owned: readonly KubeObject[]): Promise<unknown> => {
    const difference = owned.length - (replicaSet.spec.replicas ?? 1);
    if (difference < 0) return createPods(replicaSet, key, Math.min(-difference, BURST));
    if (difference === 0) return Promise.resolve(undefined);
    return deletePods(replicaSet, key, inDeletionOrder(owned, clock.nowMs()).slice(0, Math.min(difference, BURST)));
  };

  const reconcile = async (key: string, enqueue: (key: string, delayMs?: number) => void): Promise<void> => {
    const replicaSet = replicaSets.get(key);
    if (!replicaSet) {
      creations.forget(key);
      deletions.forget(key);
      return;
    }
    const owned = await claimPods(replicaSet);
    const settled = creations.satisfied(key) && deletions.satisfied(key);
    let problem: unknown;
    if (settled && replicaSet.metadata.deletionTimestamp === undefined) problem = await scale(replicaSet, key, owned);
    const reason = owned.length < (replicaSet.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete";
    const failure = problem === undefined ? undefined : { reason, message: errorMessage(problem) };
    const { status, recheckInMs } = computeStatus(replicaSet, owned, failure, clock);
    await writeStatus(key, replicaSet, status);
    if (recheckInMs !== undefined) enqueue(key, recheckInMs);
    if (problem !== undefined) throw problem;
  };

  const writeStatus = async (key: string, replicaSet: KubeObject, status: object): Promise<void> => {
    const { namespace, name } = splitKey(key);
    const known = replicaSet.status ?? {};
    const same = Object.entries(status).every(([field, value]) => JSON.stringify(known[field] ?? 0) === JSON.stringify(value));
    if (same && (known.conditions ?? []).length === ((status as { conditions?: unknown[] }).conditions ?? []).length) return;
    const current = { ...replicaSet, status: { ...status } };
    try {
      await client.updateStatus(replicaSetsResource, current);
    } catch (error) {
      if (!isGantryError(error, "Conflict")) throw error;
      const fresh = await client.get(replicaSetsResource, namespace, name);
      if (fresh.metadata.uid === replicaSet.metadata.uid) await client.updateStatus(replicaSetsResource, { ...fresh, status });
    }
  };

  return createController(
    {
      name: "replicaset",
      informers: [replicaSets, pods],
      watch: (enqueue) => [
        replicaSets.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
          onDelete: (one) => enqueue(keyOf(one)),
        }),
        pods.subscribe({
          onAdd: (pod) => {
            for (const key of concerned(pod)) {
              creations.observe(key, pod.metadata.name);
              if (pod.metadata.deletionTimestamp !== undefined) deletions.observe(key, pod.metadata.uid);
              enqueue(key);
            }
          },
          onUpdate: (pod, previous) => {
            const keys = new Set([...concerned(pod), ...concerned(previous)]);
            for (const key of keys) {
              if (pod.metadata.deletionTimestamp !== undefined) deletions.observe(key, pod.metadata.uid);
              enqueue(key);
            }
          },
          onDelete: (pod) => {
            for (const key of concerned(pod)) {
              deletions.observe(key, pod.metadata.uid);
              creations.observe(key, pod.metadata.name);
              enqueue(key);
            }
          },
        }),
      ],
      reconcile,
    },
    dependencies,
  );
}
