import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/index.ts";
import { type LoadFigures, type LoadRequest, requestOnce, runLoad } from "./apiserver-load.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A server with a custom kind and some Pods in it. */
export async function startBenchServer(execArgv: readonly string[]) {
  const server = await startServer(execArgv);
  await server.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  for (const name of ["one", ...Array.from({ length: 500 }, (_, index) => `kept-${index}`)]) {
    await server.create(`${CORE}/pods`, { ...pod, metadata: { ...pod.metadata, name } });
  }
  return server;
}

async function startServer(execArgv: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), "gantry-bench-api-"));
  const args = [
    "up",
    "--home",
    home,
    "--components",
    "apiserver",
    "--api-port",
    String(await freePort()),
    "--log-level",
    "error",
  ];
  const nodeArgs = ["--disable-warning=ExperimentalWarning", ...execArgv];
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const kubeconfig = join(home, "kubeconfig");
  while (!Buffer.concat(output).includes("KUBECONFIG")) await systemClock.sleep(20);
  const text = readFileSync(kubeconfig, "utf8");
  const field = (name: string) => new RegExp(`${name}: (\\S+)`).exec(text)![1]!;
  const pem = (name: string) => Buffer.from(field(name), "base64").toString("utf8");
  const url = field("server");
  const proof = {
    ca: pem("certificate-authority-data"),
    cert: pem("client-certificate-data"),
    key: pem("client-key-data"),
  };
  const create = async (path: string, body: object) => requestOnce({ url, ...proof }, "POST", path, body);
  await create("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  await create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    metadata: { name: "bench" },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  });
  const made = await create("/api/v1/namespaces/default/serviceaccounts/default/token", { spec: {} });
  return {
    pid: child.pid!,
    access: { url, ca: proof.ca, token: (made as { status: { token: string } }).status.token },
    create,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
