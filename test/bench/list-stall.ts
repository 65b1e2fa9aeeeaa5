import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { silentLogger } from "../../src/base/index.ts";
import { configMaps } from "../../src/kube/api/index.ts";
import { startTestServer, type TestServer } from "../../src/kube/apiserver/testing/start-test-server.ts";
import { openLmdbStore, type Store } from "../../src/store/index.ts";
import type { ListClientData } from "./list-client.ts";

export interface ListStall {
  /** The longest time for which nothing else was served. */
  longestStallMs: number;
  tookMs: number;
}

type Question = Pick<ListClientData, "path" | "accept" | "pages" | "clients">;

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const LIST = "/api/v1/namespaces/default/configmaps";
const PADDING = "x".repeat(1200);

/** What is asked, as clients ask it: kubectl in pages of 500, others for everything. */
const QUESTIONS: Record<string, Question> = {
  json: { path: LIST, accept: "application/json" },
  "json in pages": { path: `${LIST}?limit=500`, accept: "application/json", pages: true },
  "json of one label": { path: `${LIST}?labelSelector=part%3D7`, accept: "application/json" },
  table: { path: LIST, accept: TABLE },
  "table in pages": { path: `${LIST}?limit=500`, accept: TABLE, pages: true },
  protobuf: { path: LIST, accept: PROTOBUF },
  "protobuf in pages": { path: `${LIST}?limit=500`, accept: PROTOBUF, pages: true },
  "indented json": { path: `${LIST}?pretty=true`, accept: "application/json" },
  yaml: { path: LIST, accept: "application/yaml" },
  "table for 20 at once": { path: LIST, accept: TABLE, clients: 20 },
  "watch from the start": { path: `${LIST}?watch=1&timeoutSeconds=1`, accept: "application/json" },
};

/** How long a server's event loop stands still while its cache loads many objects, and while it answers lists of them. */
export async function benchListStall(objects: number, only?: string): Promise<Record<string, ListStall>> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bench-list-"));
  const store = await openLmdbStore({ dir, logger: silentLogger });
  const report: Record<string, ListStall> = {};
  try {
    await fill(store, objects);
    let server: TestServer | undefined;
    report["cache load"] = await measure(async () => {
      server = await startTestServer({ store });
    });
    for (const [name, question] of Object.entries(QUESTIONS)) {
      if (only && only !== name) continue;
      report[name] = await measure(() => ask(server!, question));
    }
    report["list in process"] = await measure(() => server!.client.list(configMaps));
    await server!.stop();
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
  return report;
}

async function fill(store: Store, objects: number): Promise<void> {
  for (let from = 0; from < objects; from += 500) {
    const puts = Array.from({ length: Math.min(500, objects - from) }, (_, n) => put(from + n));
    await store.transact({ success: puts });
  }
}

function put(n: number) {
  const name = `c${String(n).padStart(6, "0")}`;
  const metadata = {
    name,
    namespace: "default",
    uid: crypto.randomUUID(),
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { part: String(n % 100), app: "bench" },
  };
  const object = { kind: "ConfigMap", apiVersion: "v1", metadata, data: { key: String(n), text: PADDING } };
  const key = `/registry/core/configmaps/default/${name}`;
  return { type: "put" as const, key, value: Buffer.from(JSON.stringify(object)) };
}

async function measure(work: () => Promise<unknown>): Promise<ListStall> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  delay.enable();
  const beganMs = performance.now();
  await work();
  const tookMs = Math.round(performance.now() - beganMs);
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { longestStallMs: Math.round(delay.max / 1e5) / 10, tookMs };
}

/** Asks from another thread, so that the client's work is not the server's stall. */
async function ask(server: TestServer, question: Question): Promise<void> {
  const { certPem, keyPem } = await server.certificates.client("admin", {
    commonName: "admin",
    organizations: ["system:masters"],
  });
  const { url, certificates } = server;
  const workerData: ListClientData = { url, ca: certificates.caPem, cert: certPem, key: keyPem, ...question };
  const worker = new Worker(new URL("./list-client.ts", import.meta.url), { workerData });
  await new Promise<void>((resolve, reject) => {
    worker.on("error", reject).on("message", (problem) => (problem ? reject(new Error(problem)) : resolve()));
  });
  await worker.terminate();
}

if (import.meta.main) {
  const [objects = "50000", only] = process.argv.slice(2);
  const report = await benchListStall(Number(objects), only);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}
