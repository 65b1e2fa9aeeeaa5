import type { Pod } from "../../api/index.ts";
import type { NodeDocument } from "../../client/node-access.ts";
import { cadvisorMetrics } from "../stats/cadvisor-metrics.ts";
import { resourceMetrics } from "../stats/resource-metrics.ts";
import { type StatsSummaryOptions, statsSummary } from "../stats/stats-summary.ts";
import type { UsageSampler } from "../stats/usage-sampler.ts";
import { type KubeletMetricsOptions, kubeletMetrics } from "./kubelet-metrics.ts";

export interface KubeletDocumentsOptions extends StatsSummaryOptions, KubeletMetricsOptions {
  sampler: Pick<UsageSampler, "read">;
  /** Pods that are bound to the node, as the API has them. */
  pods: () => Iterable<Pod>;
  probeMetrics: () => string;
}

type Writer = (options: KubeletDocumentsOptions, query: URLSearchParams) => Promise<NodeDocument>;

const DOCUMENTS: Readonly<Record<string, Writer>> = {
  "/healthz": async () => text("ok"),
  "/pods": async (options) => json(podList([...options.pods()])),
  "/runningpods": async (options) =>
    json(podList([...options.pods()].filter(({ status }) => status?.phase === "Running"))),
  "/stats/summary": async (options, query) =>
    json(
      await statsSummary(await options.sampler.read(), options, query.get("only_cpu_and_memory") === "true"),
    ),
  "/metrics": async (options) => metrics(await kubeletMetrics(options)),
  "/metrics/cadvisor": async ({ sampler }) => metrics(cadvisorMetrics(await sampler.read())),
  "/metrics/probes": async ({ probeMetrics }) => metrics(probeMetrics()),
  "/metrics/resource": async ({ sampler }) => metrics(resourceMetrics(await sampler.read())),
};

/** What upstream's kubelet tells on its port, as far as it is told here; undefined for any other path. */
export async function kubeletDocument(
  path: string,
  query: URLSearchParams,
  options: KubeletDocumentsOptions,
): Promise<NodeDocument | undefined> {
  const name = path.replace(/\/+$/, "");
  return Object.hasOwn(DOCUMENTS, name) ? DOCUMENTS[name]!(options, query) : undefined;
}

const text = (body: string): NodeDocument => ({ contentType: "text/plain; charset=utf-8", body });
const metrics = (body: string): NodeDocument => ({
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  body,
});
const json = (value: object): NodeDocument => ({
  contentType: "application/json",
  body: JSON.stringify(value),
});

const podList = (items: Pod[]) => ({ kind: "PodList", apiVersion: "v1", metadata: {}, items });
