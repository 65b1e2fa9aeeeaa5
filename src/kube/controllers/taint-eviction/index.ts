import { RunningTime } from "../../../base/index.ts";
import { type Node, nodes as nodesResource, type Pod, pods as podsResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { indexByNode } from "../pods-on-node.ts";
import { Eviction } from "./eviction.ts";
import { evictingTaints } from "./tolerated-time.ts";

const NOTE_MS = 5_000;

/** Deletes pods from nodes whose NoExecute taints they do not bear, or no longer (upstream's taint eviction controller). */
export function createTaintEvictionController(dependencies: ControllerDependencies): Controller {
  const { informers, clock } = dependencies;
  const nodes = informers.informer(nodesResource);
  const pods = informers.informer(podsResource);
  indexByNode(pods);
  const time = new RunningTime(clock, NOTE_MS);
  const eviction = new Eviction(dependencies, time, pods);

  const nodeOf = (pod: Pod): Node | undefined => nodes.get(pod.spec.nodeName ?? "");
  const drivesAway = (node: Node | undefined): node is Node =>
    node !== undefined && evictingTaints(node).length > 0;
  const bearsTheSame = (pod: Pod, previous: Pod): boolean =>
    pod.spec.nodeName === previous.spec.nodeName &&
    JSON.stringify(pod.spec.tolerations) === JSON.stringify(previous.spec.tolerations);

  return createController(
    {
      name: "taint-eviction",
      informers: [nodes, pods],
      watch: (enqueue) => {
        const look = (pod: Pod): void => {
          const node = nodeOf(pod);
          if (drivesAway(node)) enqueue(node.metadata.name);
        };
        return [
          time.start(),
          nodes.subscribe({
            onAdd: (node) => {
              if (drivesAway(node)) enqueue(node.metadata.name);
            },
            onUpdate: (node, previous) => {
              if (drivesAway(node) || drivesAway(previous)) enqueue(node.metadata.name);
            },
          }),
          pods.subscribe({
            onAdd: look,
            onUpdate: (pod, previous) => {
              if (!bearsTheSame(pod, previous)) look(pod);
            },
            onDelete: (pod) => eviction.forget(pod.metadata.uid),
          }),
        ];
      },
      concurrency: 8,
      reconcile: async (key, enqueue) => {
        const node = nodes.get(key);
        if (node) await eviction.work(node, enqueue);
      },
    },
    dependencies,
  );
}
