import { rfc3339Seconds } from "../../../base/index.ts";
import { formatQuantity, goDurationText } from "../../../formats/index.ts";
import {
  apiVersionOf,
  type KindDefinition,
  type KubeObject,
  nodeMetrics,
  nodes,
  podMetrics,
  pods,
  statusNotFound,
} from "../../api/index.ts";
import type { NodeUsage, UsageFigures } from "../../client/node-access.ts";
import { nodeReader } from "../nodes/node-reader.ts";
import type { ServerContext } from "../server-context.ts";
import type { ComputedSource } from "./computed-kinds.ts";

/** What metrics-server calls its resources in refusals. */
const NODE_METRICS = { group: "metrics.k8s.io", resource: "nodemetrics" };
const POD_METRICS = { group: "metrics.k8s.io", resource: "podmetrics" };

/** `metrics.k8s.io` nodes, from the nodes' own figures; a node that does not answer is left out. */
export const nodeMetricsSource: ComputedSource = {
  async get(context, name) {
    const { object: node } = await context.objects.get(nodes, undefined, name);
    const metrics = nodeMetricsOf(node, await usageOf(context, name));
    if (!metrics) throw statusNotFound(NODE_METRICS, name);
    return metrics;
  },
  async list(context) {
    const all = await Promise.all(
      [...(await context.lookup.list(nodes))].map(async (node) =>
        nodeMetricsOf(node, await usageOf(context, node.metadata.name)),
      ),
    );
    return all.filter((one) => one !== undefined);
  },
};

/** `metrics.k8s.io` pods: those whose running containers have all been measured. */
export const podMetricsSource: ComputedSource = {
  async get(context, name, namespace) {
    const { object: pod } = await context.objects.get(pods, namespace, name);
    const [metrics] = await podMetricsOf(context, [pod]);
    if (!metrics) throw statusNotFound(POD_METRICS, `${namespace}/${name}`);
    return metrics;
  },
  async list(context, namespace) {
    return podMetricsOf(context, await context.lookup.list(pods, namespace));
  },
};

async function podMetricsOf(context: ServerContext, all: Iterable<KubeObject>): Promise<KubeObject[]> {
  const running = [...all].filter(({ spec, status }) => spec.nodeName && status?.phase === "Running");
  const names = new Set(running.map(({ spec }) => spec.nodeName as string));
  const usages = new Map<string, NodeUsage["pods"][number]["containers"]>();
  for (const usage of await Promise.all([...names].map((name) => usageOf(context, name))))
    for (const { uid, containers } of usage?.pods ?? []) usages.set(uid, containers);
  return running.flatMap((pod) => {
    const containers = usages.get(pod.metadata.uid);
    if (!containers) return [];
    // The interval of them all is that of the one that was measured first.
    const earliest = containers.reduce((a, b) => (b.readAtMs < a.readAtMs ? b : a));
    return [
      metricsOf(podMetrics, pod, earliest, {
        containers: containers.map((one) => ({ name: one.name, usage: quantities(one) })),
      }),
    ];
  });
}

function nodeMetricsOf(node: KubeObject, usage: NodeUsage | undefined): KubeObject | undefined {
  const figures = usage?.node;
  return figures && metricsOf(nodeMetrics, node, figures, { usage: quantities(figures) });
}

async function usageOf(context: ServerContext, nodeName: string): Promise<NodeUsage | undefined> {
  return nodeReader(context, nodeName)?.usage(nodeName);
}

/** Named and labelled as what was measured, so that selectors find it. */
function metricsOf(
  kind: KindDefinition,
  { metadata: { name, namespace, labels } }: KubeObject,
  { readAtMs, windowMs }: UsageFigures,
  more: Record<string, unknown>,
): KubeObject {
  const timestamp = rfc3339Seconds(readAtMs);
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    creationTimestamp: timestamp,
    ...(labels === undefined ? {} : { labels }),
  } as KubeObject["metadata"];
  return {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata,
    timestamp,
    window: goDurationText(windowMs),
    ...more,
  };
}

function quantities({ cpuNanoCores, memoryWorkingSetBytes }: UsageFigures) {
  return {
    cpu: formatQuantity({ nanos: BigInt(cpuNanoCores), format: "DecimalSI" }),
    memory: formatQuantity({ nanos: BigInt(memoryWorkingSetBytes) * 1_000_000_000n, format: "BinarySI" }),
  };
}
