import type { NodeAccess } from "../../client/node-access.ts";
import { describeAnswers } from "../testing/answer-table.ts";

const METRICS = "/apis/metrics.k8s.io/v1beta1";
const PODS = "/api/v1/namespaces/default/pods";
const AS_TABLE = { Accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
const figures = { readAtMs: Date.UTC(2026, 0, 2), windowMs: 75_250 };

/** Knows `node-1` and the pod that bears the uid of whichever runs there. */
const nodeAccess = {
  async usage(nodeName: string) {
    if (nodeName !== "node-1") return undefined;
    const node = { ...figures, cpuNanoCores: 250_000_000, memoryWorkingSetBytes: 512 * 2 ** 20 };
    return { node, pods: [] };
  },
  async read(_nodeName: string, path: string, query: URLSearchParams) {
    if (path !== "/metrics") return undefined;
    return { contentType: "text/plain; version=0.0.4", body: `asked for ${query.get("of")}\n` };
  },
} as unknown as NodeAccess;

const usage = { cpu: "250m", memory: "512Mi" };

describeAnswers("the figures of nodes", {
  nodeAccess: () => nodeAccess,
  stored: [
    ["/api/v1/nodes", { metadata: { name: "node-1", labels: { zone: "a" } } }],
    ["/api/v1/nodes", { metadata: { name: "node-2", labels: { zone: "b" } } }],
    [PODS, { metadata: { name: "waiting" }, spec: { containers: [{ name: "a", image: "a" }] } }],
  ],
  rows: [
    {
      request: `GET ${METRICS}/nodes/node-1`,
      code: 200,
      object: {
        kind: "NodeMetrics",
        apiVersion: "metrics.k8s.io/v1beta1",
        metadata: { name: "node-1", labels: { zone: "a" } },
        timestamp: "2026-01-02T00:00:00Z",
        window: "1m15.25s",
        usage,
      },
    },
    {
      request: `GET ${METRICS}/nodes`,
      code: 200,
      object: { items: [{ metadata: { name: "node-1" }, usage }] },
    },
    { request: `GET ${METRICS}/nodes?labelSelector=zone%3Db`, code: 200, object: { items: [] } },
    {
      request: `GET ${METRICS}/nodes`,
      headers: AS_TABLE,
      code: 200,
      object: { rows: [{ cells: ["node-1", "250m", "512Mi", "1m15.25s"] }] },
    },
    {
      request: `GET ${METRICS}/nodes/node-2`,
      code: 404,
      message: 'nodemetrics.metrics.k8s.io "node-2" not found',
    },
    { request: `GET ${METRICS}/nodes/none`, code: 404, message: 'nodes "none" not found' },
    {
      request: `GET ${METRICS}/namespaces/default/pods/waiting`,
      code: 404,
      message: 'podmetrics.metrics.k8s.io "default/waiting" not found',
    },
    { request: `GET ${METRICS}/pods`, code: 200, object: { kind: "PodMetricsList", items: [] } },
    { request: `POST ${METRICS}/nodes`, body: {}, code: 405 },
    {
      request: "GET /apis/metrics.k8s.io/v1beta1",
      code: 200,
      object: {
        resources: [
          { name: "nodes", singularName: "", namespaced: false, kind: "NodeMetrics", verbs: ["get", "list"] },
          { name: "pods", singularName: "", namespaced: true, kind: "PodMetrics", verbs: ["get", "list"] },
        ],
      },
    },
    {
      request: "GET /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io",
      code: 200,
      object: { spec: { groupPriorityMinimum: 100, versionPriority: 100 } },
    },
    { request: "GET /api/v1/nodes/node-1/proxy/metrics?of=x", code: 200 },
    { request: "GET /api/v1/nodes/node-1:10250/proxy/metrics", code: 200 },
    { request: "GET /api/v1/nodes/node-1/proxy/none", code: 404 },
    { request: "POST /api/v1/nodes/node-1/proxy/metrics", code: 405 },
    { request: "GET /api/v1/nodes/none/proxy/metrics", code: 404, message: 'nodes "none" not found' },
    { request: "GET /api/v1/nodes/node-1:22/proxy/", code: 400, message: "address not allowed" },
  ],
});
