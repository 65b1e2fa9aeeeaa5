import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { silentLogger } from "../../src/base/index.ts";
import { configMaps, encodeProtobuf, pods } from "../../src/kube/api/index.ts";
import { startTestServer, type TestServer } from "../../src/kube/apiserver/testing/start-test-server.ts";
import { createInformerFactory } from "../../src/kube/client/index.ts";
import type { HostileClientData, HostileRequest } from "./hostile-client.ts";

export interface HostileLoad {
  /** The longest time for which nothing else was served. */
  longestStallMs: number;
  /** The most that the thread worked without a break: as above, but for what other programs took from it meanwhile. */
  longestWorkMs: number;
  /** How long a small request of somebody else waited meanwhile. */
  smallRequestMs: { p50: number; p99: number; max: number; count: number };
  /** What the hostile ones were answered, by status code. */
  answers: Record<string, number>;
  tookMs: number;
}

const CORE = "/api/v1/namespaces/default";
const CONFIG_MAPS = `${CORE}/configmaps`;
const JSON_TYPE = "application/json";

const keys = (count: number, prefix = "k") =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${String(n).padStart(6, "0")}`, ""]));
const many = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const text = (value: unknown) => Buffer.from(JSON.stringify(value));
const post = (path: string, body: Buffer | object, contentType = JSON_TYPE): HostileRequest => ({
  method: "POST",
  path,
  contentType,
  body: Buffer.isBuffer(body) ? body : text(body),
});
const patch = (type: string, body: object, path = `${CONFIG_MAPS}/small?dryRun=All`): HostileRequest => ({
  method: "PATCH",
  path,
  contentType: `application/${type}-patch+json`,
  body: text(body),
});
const DRY = `${CONFIG_MAPS}?dryRun=All`;
const bigMap = (count: number) => ({ metadata: { name: "hostile" }, data: keys(count) });
const pod = (spec: object) => ({ metadata: { name: "hostile" }, spec });
const container = { name: "c", image: "i" };

/** Each is sent by 8 at once, so many times in all. */
const LOADS: Record<string, { request: HostileRequest; count?: number; clients?: number }> = {
  "json of many keys": { request: post(DRY, bigMap(200_000)) },
  "one json of many keys": { request: post(DRY, bigMap(200_000)), count: 1 },
  "json that is stored": {
    request: { ...post(CONFIG_MAPS, { metadata: { generateName: "h-" }, data: keys(90_000) }) },
  },
  "keys that are not valid": { request: post(DRY, { metadata: { name: "h" }, data: keys(150_000, "/") }) },
  "keys that stand twice": {
    request: post(
      DRY,
      Buffer.from(`{"metadata":{"name":"h"},"data":{${many(200_000, () => '"a":""').join()}}}`),
    ),
  },
  "json that breaks at the end": {
    request: post(DRY, Buffer.concat([text(bigMap(200_000)), Buffer.from("x")])),
  },
  "unknown fields": { request: post(DRY, { metadata: { name: "h" }, ...keys(200_000) }) },
  "yaml of many keys": {
    request: post(
      DRY,
      Buffer.from(`metadata: {name: h}\ndata:\n${many(200_000, (n) => ` k${n}: ""`).join("\n")}\n`),
      "application/yaml",
    ),
  },
  "protobuf of many keys": {
    request: post(
      DRY,
      Buffer.from(encodeProtobuf({ apiVersion: "v1", kind: "ConfigMap", ...bigMap(150_000) } as object)),
      "application/vnd.kubernetes.protobuf",
    ),
  },
  "protobuf asked for": {
    request: { ...post(DRY, bigMap(200_000)), accept: "application/vnd.kubernetes.protobuf" },
  },
  "pod of many containers": {
    request: post(
      `${CORE}/pods?dryRun=All`,
      pod({ containers: many(40_000, (n) => ({ name: `c${n}`, image: "i" })) }),
    ),
  },
  "pod of much environment": {
    request: post(
      `${CORE}/pods?dryRun=All`,
      pod({ containers: [{ ...container, env: many(80_000, (n) => ({ name: `E${n}`, value: "" })) }] }),
    ),
  },
  "role of many rules": {
    request: post("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles?dryRun=All", {
      metadata: { name: "h" },
      rules: many(30_000, (n) => ({ apiGroups: [""], resources: [`r${n}`], verbs: ["get"] })),
    }),
  },
  "service of many ports": {
    request: post(`${CORE}/services?dryRun=All`, {
      metadata: { name: "h" },
      spec: { ports: many(30_000, (n) => ({ name: `p${n}`, port: n + 1 })) },
    }),
  },
  "merge patch": { request: patch("merge", { data: keys(200_000) }) },
  "strategic patch": { request: patch("strategic-merge", { data: keys(200_000) }) },
  "strategic patch of a list": {
    request: patch(
      "strategic-merge",
      { spec: { containers: [{ ...container, env: many(60_000, (n) => ({ name: `E${n}`, value: "" })) }] } },
      `${CORE}/pods/small?dryRun=All`,
    ),
  },
  "json patch that copies": {
    request: patch("json", [
      { op: "add", path: "/data", value: keys(20_000) },
      ...many(200, (n) => ({ op: "copy", from: "/data", path: `/x${n}` })),
    ]),
  },
  "json patch of many operations": {
    request: patch(
      "json",
      many(10_000, (n) => ({ op: "add", path: `/metadata/labels/l${n}`, value: "" })),
    ),
  },
  "label selector": {
    request: {
      method: "GET",
      path: `${CONFIG_MAPS}?labelSelector=${many(2_000, (n) => `a${n}`).join("%2C")}`,
    },
    count: 64,
  },
  "review of many groups": {
    request: post("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      spec: {
        user: "u",
        groups: many(200_000, (n) => `g${n}`),
        resourceAttributes: { verb: "get", resource: "pods" },
      },
    }),
  },
  "delete options": {
    request: {
      ...post(`${CONFIG_MAPS}/absent`, { kind: "DeleteOptions", ...keys(200_000) }),
      method: "DELETE",
    },
  },
  "many of middle size": { request: post(DRY, bigMap(2_000)), count: 400, clients: 100 },
};

/** How long others wait while one user sends what takes long. */
export async function benchHostileLoad(only?: string): Promise<Record<string, HostileLoad>> {
  const report: Record<string, HostileLoad> = {};
  const server = await startTestServer();
  const stop = new AbortController();
  const informers = createInformerFactory(server.client, { logger: silentLogger });
  informers.informer(configMaps);
  const running = informers.run(stop.signal);
  try {
    await server.client.create(configMaps, { metadata: { name: "small", namespace: "default", labels: {} } });
    await server.https().then(async (client) => {
      await client.create(pods, {
        metadata: { name: "small", namespace: "default" },
        spec: { containers: [container] },
      });
      client.close();
    });
    for (const [name, { request, count = 8, clients = 8 }] of Object.entries(LOADS)) {
      if (only && !name.includes(only)) continue;
      report[name] = await measure(server, { request, count, clients });
      process.stderr.write(`${name}: ${JSON.stringify(report[name])}\n`);
    }
  } finally {
    stop.abort();
    await running;
    await server.stop();
  }
  return report;
}

type Load = Pick<HostileClientData, "count" | "clients"> & { request: HostileRequest };

async function measure(server: TestServer, { request, count, clients }: Load): Promise<HostileLoad> {
  const small = await client(server, "bystander", {
    request: { method: "GET", path: "/api/v1/namespaces/default" },
  });
  const hostile = await client(server, "hostile", { request, count, clients });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await small.go();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await small.take();
  delay.enable();
  const work = watchWork();
  const beganMs = performance.now();
  await hostile.go();
  const { statuses } = await hostile.take();
  const tookMs = Math.round(performance.now() - beganMs);
  await new Promise((resolve) => setTimeout(resolve, 100));
  delay.disable();
  const longestWorkMs = work.longestMs();
  const { waits } = await small.take();
  await Promise.all([small.end(), hostile.end()]);
  const sorted = waits.sort((a, b) => a - b);
  const at = (part: number) => Math.round((sorted[Math.floor((sorted.length - 1) * part)] ?? 0) * 10) / 10;
  return {
    longestStallMs: Math.round(delay.max / 1e5) / 10,
    longestWorkMs,
    smallRequestMs: { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length },
    answers: statuses,
    tookMs,
  };
}

function watchWork(): { longestMs(): number } {
  let longest = 0;
  let isOver = false;
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let before = used();
  const look = () => {
    const now = used();
    longest = Math.max(longest, now - before);
    before = now;
    if (!isOver) setImmediate(look);
  };
  look();
  return {
    longestMs: () => {
      isOver = true;
      return Math.round(longest * 10) / 10;
    },
  };
}

/** Sends from another thread, so that the client's work is not the server's stall. */
async function client(server: TestServer, name: string, load: Partial<HostileClientData>) {
  const { certPem, keyPem } = await server.certificates.client(name, {
    commonName: name,
    organizations: ["system:masters"],
  });
  const workerData = { url: server.url, ca: server.certificates.caPem, cert: certPem, key: keyPem, ...load };
  const worker = new Worker(new URL("./hostile-client.ts", import.meta.url), { workerData });
  const answer = () =>
    new Promise<{ statuses: Record<string, number>; waits: number[] }>((resolve, reject) => {
      worker.once("error", reject).once("message", resolve);
    });
  await answer();
  return {
    go: () => worker.postMessage("go"),
    take: () => {
      const taken = answer();
      worker.postMessage("take");
      return taken;
    },
    end: () => worker.terminate(),
  };
}

if (import.meta.main) {
  const report = await benchHostileLoad(process.argv[2]);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}
