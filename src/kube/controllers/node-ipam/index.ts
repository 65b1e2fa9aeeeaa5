import { type Node, nodes as nodesResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";
import { NodeBlocks } from "./node-blocks.ts";

export interface NodeIpamOptions {
  /** The network of all pods: `10.244.0.0/16`. */
  podCidr: string;
  /** Length of the prefix of each node's part (upstream's --node-cidr-mask-size). */
  nodeCidrMaskSize: number;
}

const blocksOf = ({ spec }: Node): readonly string[] => spec?.podCIDRs ?? [];

/** Gives each node a part of the pods' network, where it has none (upstream's nodeipam, RangeAllocator). */
export function createNodeIpamController(dependencies: ControllerDependencies & NodeIpamOptions): Controller {
  const { client, informers, recorder, podCidr, nodeCidrMaskSize } = dependencies;
  const nodes = informers.informer(nodesResource);
  const blocks = new NodeBlocks(podCidr, nodeCidrMaskSize);
  /** What was given to nodes that do not show it yet. */
  const given = new Map<string, string>();

  const take = (name: string): string | undefined => {
    const known = given.get(name);
    if (known !== undefined) return known;
    const used = [...given.values(), ...[...nodes.list()].flatMap(blocksOf)];
    const block = blocks.take(used);
    if (block !== undefined) given.set(name, block);
    return block;
  };

  return createController(
    {
      name: "node-ipam",
      informers: [nodes],
      watch: (enqueue) => [
        nodes.subscribe({
          onAdd: ({ metadata }) => enqueue(metadata.name),
          onUpdate: ({ metadata }) => enqueue(metadata.name),
          onDelete: (node) => {
            given.delete(node.metadata.name);
            for (const other of nodes.list()) if (blocksOf(other).length === 0) enqueue(other.metadata.name);
          },
        }),
      ],
      concurrency: 1,
      reconcile: async (key) => {
        const node = nodes.get(key);
        if (!node || blocksOf(node).length > 0) return void given.delete(key);
        if (node.metadata.deletionTimestamp !== undefined) return;
        const block = take(key);
        if (block === undefined) {
          const message = `Node ${key} status is now: CIDRNotAvailable`;
          recorder.event(node, "Normal", "CIDRNotAvailable", message);
          return;
        }
        const body = {
          metadata: { uid: node.metadata.uid },
          spec: { podCIDR: block, podCIDRs: [block] },
        };
        await unlessGone(client.patch(nodesResource, undefined, key, "strategic", body));
      },
    },
    dependencies,
  );
}
