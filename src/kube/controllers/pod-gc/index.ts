import { isGantryError } from "../../../base/index.ts";
import { nodes as nodesResource, pods as podsResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { isFinished } from "../pod-state.ts";

/** Finished pods are kept up to this number (upstream's --terminated-pod-gc-threshold). */
const TERMINATED_KEPT = 12_500;
/** How long a node must be gone before its pods are given up. */
const QUARANTINE_MS = 40_000;
const PERIOD_MS = 20_000;
const KEY = "all";

/** Removes pods that nobody else will: bound to a node that is gone, or too many finished ones. */
export function createPodGcController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const goneSinceMs = new Map<string, number>();

  const forceDelete = async (pod: KubeObject): Promise<void> => {
    try {
      await client.delete(podsResource, pod.metadata.namespace, pod.metadata.name, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  };

  const orphans = (all: readonly KubeObject[]): KubeObject[] => {
    const nowMs = clock.monotonicMs();
    const missing = new Set(all.map((pod) => pod.spec.nodeName).filter((name) => name && !nodes.get(name)));
    for (const name of goneSinceMs.keys()) if (!missing.has(name)) goneSinceMs.delete(name);
    for (const name of missing) if (!goneSinceMs.has(name)) goneSinceMs.set(name, nowMs);
    return all.filter((pod) => nowMs - (goneSinceMs.get(pod.spec.nodeName) ?? nowMs) >= QUARANTINE_MS);
  };

  const surplus = (all: readonly KubeObject[]): KubeObject[] => {
    const finished = all.filter(isFinished);
    const oldest = finished.sort((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1));
    return oldest.slice(0, Math.max(0, finished.length - TERMINATED_KEPT));
  };

  return createController(
    {
      name: "pod-gc",
      informers: [pods, nodes],
      watch: (enqueue) => {
        enqueue(KEY);
        return [nodes.subscribe({ onDelete: () => enqueue(KEY) })];
      },
      reconcile: async (key, enqueue) => {
        enqueue(key, PERIOD_MS);
        const all = [...pods.list()];
        const unscheduled = all.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName);
        for (const pod of new Set([...orphans(all), ...unscheduled, ...surplus(all)])) await forceDelete(pod);
      },
    },
    dependencies,
  );
}
