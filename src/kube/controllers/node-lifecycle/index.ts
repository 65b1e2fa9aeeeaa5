import { RunningTime, rfc3339Seconds } from "../../../base/index.ts";
import type { Node, Pod } from "../../api/index.ts";
import {
  leases as leasesResource,
  NODE_LEASE_NAMESPACE,
  nodes as nodesResource,
  pods as podsResource,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { indexByNode, podsOn } from "../pods-on-node.ts";
import { unlessGone } from "../write-errors.ts";
import { readyOf, silentConditions } from "./conditions.ts";
import { Heartbeats } from "./heartbeats.ts";
import { DEFAULT_MONITORING, type NodeMonitoring } from "./node-monitoring.ts";
import { isDrivingAway, nextTaints } from "./taints.ts";
import { ZoneHealth, zoneOf } from "./zone-health.ts";
import { ZoneTurns } from "./zone-turns.ts";

/** A time of grace is looked at so often within it, where the period would be longer than that. */
const CHECKS = 4;

/**
 * Finds nodes that fell silent, and taints nodes by their conditions. The taints that drive pods away come to one node of a
 * zone after the other, the more slowly the more of it is down.
 */
export function createNodeLifecycleController(
  dependencies: ControllerDependencies & { monitoring?: NodeMonitoring },
): Controller {
  const { client, informers, recorder, clock, monitoring = DEFAULT_MONITORING } = dependencies;
  const { limits } = monitoring;
  const periodMs = Math.min(monitoring.periodMs, monitoring.graceMs / CHECKS);
  const nodes = informers.informer(nodesResource);
  const leases = informers.informer(leasesResource);
  const pods = informers.informer(podsResource);
  indexByNode(pods);
  const time = new RunningTime(clock, periodMs);
  const heartbeats = new Heartbeats(time, monitoring);
  const health = new ZoneHealth(limits);
  const turns = new ZoneTurns(time, health);
  /** Ready at their last look; for news only. */
  const wasReady = new Set<string>();
  /** By node that is not ready: the pods that were told so of once. What their kubelet says of them after that, it may say. */
  const told = new Map<string, Set<string>>();
  let wereAllDown = false;

  const isReady = (object: Node | Pod): boolean => readyOf(object)?.status === "True";

  /**
   * Where no node at all is heard of, the fault is here and not theirs: nobody is evicted, and afterwards everybody gets time
   * to speak again (upstream's full disruption).
   */
  const areAllDown = (): boolean => {
    const { areAllDown: allDown } = health;
    if (wereAllDown && !allDown) heartbeats.restart();
    wereAllDown = allDown;
    return allDown;
  };

  /** Whose pods are driven away already may go on so; others wait for their zone's next turn. */
  const mayEvict = (node: Node): boolean => {
    if (areAllDown()) return false;
    const { status = "True" } = readyOf(node) ?? {};
    return status === "True" || isDrivingAway(node) || turns.take(zoneOf(node));
  };

  const markUnknown = (node: Node): Promise<Node> =>
    writeOnNewest(nodes, node, async (base) => {
      const conditions = silentConditions(base, clock);
      if (conditions === base.status?.conditions) return base;
      return client.updateStatus(nodesResource, { ...base, status: { ...base.status, conditions } });
    });

  /** Pods on a node that is not ready are not ready either, whatever they last said. */
  const markPodsNotReady = async (name: string, isSilent: boolean): Promise<void> => {
    const known = told.get(name) ?? new Set();
    told.set(name, known);
    for (const pod of podsOn(pods, name)) {
      const { namespace, name: podName, uid } = pod.metadata;
      if (isReady(pod) && (isSilent || !known.has(uid))) {
        const conditions = [
          { type: "Ready", status: "False", lastTransitionTime: rfc3339Seconds(clock.nowMs()) },
        ];
        const body = { metadata: { uid }, status: { conditions } };
        await unlessGone(
          client.patch(podsResource, namespace, podName, "strategic", body, { subresource: "status" }),
        );
        recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready");
      }
      known.add(uid);
    }
  };

  const judge = async (node: Node): Promise<void> => {
    const { name } = node.metadata;
    const ready = readyOf(node);
    if (isReady(node)) {
      wasReady.add(name);
      told.delete(name);
      return;
    }
    if (wasReady.delete(name))
      recorder.event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
    // A node that has said nothing of itself yet is about to.
    if (ready) await markPodsNotReady(name, ready.status === "Unknown");
  };

  /** What comes to a node that is not ready is told at once. */
  const placed = (pod: Pod, previous: Pod | undefined, enqueue: (key: string) => void): void => {
    const name = pod.spec.nodeName;
    if (name && name !== previous?.spec.nodeName && told.has(name)) enqueue(name);
  };

  const taint = (node: Node): Promise<Node> => {
    const drivesAway = mayEvict(newest(nodes, node));
    return writeOnNewest(nodes, node, async (base) => {
      const taints = nextTaints(base, drivesAway, rfc3339Seconds(clock.nowMs()));
      return taints ? client.update(nodesResource, { ...base, spec: { ...base.spec, taints } }) : base;
    });
  };

  return createController(
    {
      name: "node-lifecycle",
      informers: [nodes, leases, pods],
      watch: (enqueue) => [
        time.start(),
        nodes.subscribe({
          onAdd: (node) => {
            const { name } = node.metadata;
            health.set(node);
            recorder.event(
              node,
              "Normal",
              "RegisteredNode",
              `Node ${name} event: Registered Node ${name} in Controller`,
            );
            enqueue(name);
          },
          onUpdate: (node) => {
            const wereDown = health.areAllDown;
            health.set(node);
            enqueue(node.metadata.name);
            // Whether all nodes are down concerns the others too.
            if (health.areAllDown !== wereDown) for (const one of nodes.list()) enqueue(one.metadata.name);
          },
          onDelete: (node) => {
            const { name } = node.metadata;
            recorder.event(
              node,
              "Normal",
              "RemovingNode",
              `Node ${name} event: Removing Node ${name} from Controller`,
            );
            health.remove(name);
            heartbeats.forget(name);
            wasReady.delete(name);
            told.delete(name);
          },
        }),
        pods.subscribe({
          onAdd: (pod) => placed(pod, undefined, enqueue),
          onUpdate: (pod, previous) => placed(pod, previous, enqueue),
        }),
      ],
      concurrency: 2,
      reconcile: async (key, enqueue) => {
        let node = nodes.get(key);
        if (!node) return;
        enqueue(key, periodMs);
        if (heartbeats.isSilent(node, leases.get(`${NODE_LEASE_NAMESPACE}/${key}`)))
          node = await markUnknown(node);
        await judge(newest(nodes, node));
        await taint(node);
      },
    },
    dependencies,
  );
}
