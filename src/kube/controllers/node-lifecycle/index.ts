import { isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import { leases as leasesResource, nodes as nodesResource, pods as podsResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { isFinished } from "../pod-state.ts";
import { GRACE_MS, Heartbeats, nextTaints, toleratedMs } from "./health.ts";

const CHECK_MS = 5_000;

interface NodeCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
}

/** Finds nodes that fell silent, taints nodes by their conditions, and evicts pods that do not tolerate it. */
export function createNodeLifecycleController(dependencies: ControllerDependencies): Controller {
  const { client, informers, recorder, clock } = dependencies;
  const nodes = informers.informer(nodesResource);
  const leases = informers.informer(leasesResource);
  const pods = informers.informer(podsResource);
  pods.addIndex("node", (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
  const heartbeats = new Heartbeats(clock);

  /** All conditions become Unknown, as nobody can tell any more. */
  const markUnknown = async (node: KubeObject): Promise<KubeObject> => {
    const now = rfc3339Seconds(clock.nowMs());
    const conditions = ((node.status?.conditions ?? []) as NodeCondition[]).map((condition) =>
      condition.status === "Unknown"
        ? condition
        : {
            ...condition,
            status: "Unknown",
            reason: "NodeStatusUnknown",
            message: "Kubelet stopped posting node status.",
            lastTransitionTime: now,
          },
    );
    recorder.event(node, "Normal", "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
    return client.updateStatus(nodesResource, { ...node, status: { ...node.status, conditions } });
  };

  /** Pods on a node that is not ready are not ready either, whatever they last said. */
  const markPodsNotReady = async (name: string): Promise<void> => {
    for (const pod of pods.byIndex("node", name)) {
      const ready = (pod.status?.conditions as NodeCondition[] | undefined)?.find((one) => one.type === "Ready");
      if (ready?.status !== "True") continue;
      const conditions = [{ type: "Ready", status: "False", lastTransitionTime: rfc3339Seconds(clock.nowMs()) }];
      await quietly(client.patch(podsResource, pod.metadata.namespace, pod.metadata.name, "strategic", { metadata: { uid: pod.metadata.uid }, status: { conditions } }, { subresource: "status" }));
    }
  };

  const evict = async (node: KubeObject, enqueue: (key: string, delayMs?: number) => void): Promise<void> => {
    const taints = node.spec?.taints ?? [];
    if (!taints.some((taint: { effect: string }) => taint.effect === "NoExecute")) return;
    for (const pod of pods.byIndex("node", node.metadata.name)) {
      if (pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) continue;
      const staysMs = toleratedMs(pod, taints);
      if (staysMs === undefined) continue;
      const since = Math.max(0, ...taints.map((taint: { timeAdded?: string }) => (taint.timeAdded ? Date.parse(taint.timeAdded) : 0)));
      const leftMs = since + staysMs - clock.nowMs();
      if (leftMs > 0) {
        enqueue(node.metadata.name, leftMs);
        continue;
      }
      recorder.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`);
      await quietly(client.delete(podsResource, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } }));
    }
  };

  return createController(
    {
      name: "node-lifecycle",
      informers: [nodes, leases, pods],
      watch: (enqueue) => [
        nodes.subscribe({
          onAdd: (node) => enqueue(node.metadata.name),
          onUpdate: (node) => enqueue(node.metadata.name),
          onDelete: (node) => heartbeats.forget(node.metadata.name),
        }),
      ],
      concurrency: 2,
      reconcile: async (key, enqueue) => {
        let node = nodes.get(key);
        if (!node) return;
        enqueue(key, CHECK_MS);
        const silentMs = heartbeats.observe(node, leases.get(`kube-node-lease/${key}`));
        const ready = (node.status?.conditions as NodeCondition[] | undefined)?.find((one) => one.type === "Ready");
        if (silentMs > GRACE_MS && ready && ready.status !== "Unknown") {
          node = await markUnknown(node);
          await markPodsNotReady(key);
        }
        const taints = nextTaints(node, rfc3339Seconds(clock.nowMs()));
        if (taints) node = await client.update(nodesResource, { ...node, spec: { ...node.spec, taints } });
        await evict(node, enqueue);
      },
    },
    dependencies,
  );
}

async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
  }
}
