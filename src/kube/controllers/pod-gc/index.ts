import { isGantryError, RunningTime, rfc3339Seconds } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { isPodTerminal, nodes as nodesResource, pods as podsResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";

/** Finished pods are kept up to this number (upstream's --terminated-pod-gc-threshold); all of them where it is not above 0. */
const TERMINATED_KEPT = 12_500;
/** How long a node must be gone before its pods are given up. */
const QUARANTINE_MS = 40_000;
const PERIOD_MS = 20_000;
const KEY = "all";
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** Removes pods that nobody else will: bound to a node that is gone or out of service, or too many finished ones. */
export function createPodGcController(
  dependencies: ControllerDependencies & { terminatedKept?: number },
): Controller {
  const { client, informers, clock, terminatedKept = TERMINATED_KEPT } = dependencies;
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  /** A node may only just be about to come back when this process has stood still for a while. */
  const time = new RunningTime(clock, PERIOD_MS);
  const goneSinceMs = new Map<string, number>();

  const forceDelete = async (pod: Pod): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    await unlessGone(
      client.delete(podsResource, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } }),
    );
  };

  const nodeIsGone = () => ({
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    lastTransitionTime: rfc3339Seconds(clock.nowMs()),
  });

  /** Nobody can say how its containers ended, so it counts as failed: finalizers may keep it, and others look at its phase. */
  const markFailed = async (pod: Pod, conditions: object[]): Promise<void> => {
    if (isPodTerminal(pod)) return;
    const body = {
      metadata: { uid: pod.metadata.uid },
      status: { phase: "Failed", ...(conditions.length > 0 ? { conditions } : {}) },
    };
    const { namespace, name } = pod.metadata;
    await unlessGone(
      client.patch(podsResource, namespace, name, "strategic", body, { subresource: "status" }),
    );
  };

  /** Nodes of pods that have been gone for long enough; asked live before anything is deleted. */
  const lostNodes = async (all: readonly Pod[]): Promise<Set<string>> => {
    const nowMs = time.ranMs();
    const missing = new Set(
      all
        .map((pod) => pod.spec.nodeName)
        .filter((name): name is string => name !== undefined && name !== "" && !nodes.get(name)),
    );
    for (const name of goneSinceMs.keys()) if (!missing.has(name)) goneSinceMs.delete(name);
    const lost = new Set<string>();
    for (const name of missing) {
      const sinceMs = goneSinceMs.get(name) ?? nowMs;
      goneSinceMs.set(name, sinceMs);
      if (nowMs - sinceMs >= QUARANTINE_MS && !(await unlessGone(client.get(nodesResource, undefined, name))))
        lost.add(name);
    }
    return lost;
  };

  /** Nobody ends them any more: their node is down, and somebody has said that it stays so. */
  const isOutOfService = (pod: Pod): boolean => {
    const node = nodes.get(pod.spec.nodeName ?? "");
    if (pod.metadata.deletionTimestamp === undefined || !node) return false;
    const isReady = node.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
    return !isReady && (node.spec.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
  };

  const surplus = (all: readonly Pod[]): Pod[] => {
    const finished = all.filter(isPodTerminal);
    const isEvicted = (pod: Pod) => (pod.status?.reason === "Evicted" ? 0 : 1);
    const created = (pod: Pod) => Date.parse(pod.metadata.creationTimestamp ?? "");
    const inOrder = finished.sort(
      (a, b) =>
        isEvicted(a) - isEvicted(b) ||
        created(a) - created(b) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    );
    return terminatedKept > 0 ? inOrder.slice(0, Math.max(0, finished.length - terminatedKept)) : [];
  };

  return createController(
    {
      name: "pod-gc",
      informers: [pods, nodes],
      watch: (enqueue) => {
        enqueue(KEY);
        return [time.start(), nodes.subscribe({ onDelete: () => enqueue(KEY) })];
      },
      reconcile: async (key, enqueue) => {
        enqueue(key, PERIOD_MS);
        const all = [...pods.list()];
        const lost = await lostNodes(all);
        const orphaned = all.filter((pod) => lost.has(pod.spec.nodeName ?? ""));
        const unscheduled = all.filter(
          (pod) => pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName,
        );
        const unended = all.filter(isOutOfService);
        for (const pod of new Set([...orphaned, ...unscheduled, ...unended, ...surplus(all)])) {
          try {
            await markFailed(pod, orphaned.includes(pod) ? [nodeIsGone()] : []);
            await forceDelete(pod);
          } catch (error) {
            // Another pod has the name now.
            if (!isGantryError(error, "Conflict")) throw error;
          }
        }
      },
    },
    dependencies,
  );
}
