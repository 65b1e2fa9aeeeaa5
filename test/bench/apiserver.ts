import { startServer } from "./apiserver/server.ts";
import { type LoadFigures, type LoadRequest, runLoad } from "./apiserver-load.ts";

const CONNECTIONS = 64;
/** Before each measurement, so that the compiler has seen what is measured. */
const WARM_UP_REQUESTS = 1500;

export interface ApiServerBenchOptions {
  /** Of each measurement. */
  seconds: number;
  /** Names of measurements; all without it. */
  only?: readonly string[];
  /** For the server's process: `--cpu-prof`. */
  execArgv?: readonly string[];
}

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "NAME", labels: { app: "bench" } },
  spec: {
    automountServiceAccountToken: false,
    containers: [
      {
        name: "c",
        image: "busybox",
        resources: { requests: { cpu: "10m" } },
        ports: [{ containerPort: 80 }],
      },
    ],
  },
};
const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "NAME" }, data: { key: "value" } };
const deployment = (replicas: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "NAME" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "bench" } },
    template: { metadata: { labels: { app: "bench" } }, spec: pod.spec },
  },
});
export const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "boxes.bench.example.com" },
  spec: {
    group: "bench.example.com",
    names: { plural: "boxes", kind: "Box" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { data: { type: "object", additionalProperties: { type: "string" } } },
          },
        },
      },
    ],
  },
};
const box = {
  apiVersion: "bench.example.com/v1",
  kind: "Box",
  metadata: { name: "NAME" },
  data: { key: "value" },
};

const CORE = "/api/v1/namespaces/default";
const APPLY = "application/apply-patch+yaml";

/**
 * Requests a second over TLS with a bearer token, from another process, against an API server alone in its process on a
 * durable store, with all default admission and managed fields.
 */
export async function benchApiServer({
  seconds,
  only,
  execArgv = [],
}: ApiServerBenchOptions): Promise<Record<string, LoadFigures>> {
  const server = await startBenchServer(execArgv);
  try {
    const report: Record<string, LoadFigures> = {};
    for (const [name, request] of Object.entries(MEASURED)) {
      if (only && !only.includes(name)) continue;
      const access = { ...server.access, connections: CONNECTIONS, seconds };
      await runLoad({ ...access, requests: WARM_UP_REQUESTS }, request, server.pid);
      report[name] = await runLoad(access, request, server.pid);
    }
    return report;
  } finally {
    await server.stop();
  }
}

export const MEASURED: Record<string, LoadRequest> = {
  "create Pods": { method: "POST", path: `${CORE}/pods`, body: pod },
  "create ConfigMaps": { method: "POST", path: `${CORE}/configmaps`, body: configMap },
  "create custom objects": {
    method: "POST",
    path: "/apis/bench.example.com/v1/namespaces/default/boxes",
    body: box,
  },
  "get a Pod": { method: "GET", path: `${CORE}/pods/one` },
  "list 500 Pods": { method: "GET", path: `${CORE}/pods?limit=500` },
  "apply one field of a Deployment": {
    method: "PATCH",
    path: "/apis/apps/v1/namespaces/default/deployments/OWN?fieldManager=bench&force=true",
    body: deployment("COUNT"),
    contentType: APPLY,
  },
};

/** A server with a custom kind and some Pods in it. */
export async function startBenchServer(execArgv: readonly string[]) {
  const server = await startServer({ execArgv });
  await server.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  for (const name of ["one", ...Array.from({ length: 500 }, (_, index) => `kept-${index}`)]) {
    await server.create(`${CORE}/pods`, { ...pod, metadata: { ...pod.metadata, name } });
  }
  return server;
}
