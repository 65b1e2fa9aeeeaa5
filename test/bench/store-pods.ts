import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { silentLogger } from "../../src/base/index.ts";
import { pods } from "../../src/kube/api/index.ts";
import { startTestServer } from "../../src/kube/apiserver/testing/start-test-server.ts";
import { openLmdbStore, type Store } from "../../src/store/index.ts";

// An API server that starts on a store with many pods, in a process of its own; prints JSON. `--fill` writes them instead.

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    objects: { type: "string", default: "150000" },
    fill: { type: "boolean", default: false },
  },
});
const objects = Number(values.objects);

const FILL_BATCH = 500;
const NAMESPACES = 100;
/** What makes a pod with its status about 1.5 KB long. */
const PADDING = "x".repeat(500);

function makePod(n: number): object {
  const time = "2026-01-01T00:00:00Z";
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: nameOf(n),
      namespace: namespaceOf(n),
      uid: crypto.randomUUID(),
      creationTimestamp: time,
      labels: { app: `app-${n % 500}`, "pod-template-hash": String(n % 5000) },
      annotations: { note: PADDING },
    },
    spec: {
      containers: [
        { name: "main", image: "127.0.0.1:5000/shop/web:1.0", resources: {}, imagePullPolicy: "Always" },
      ],
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "default",
      nodeName: `node-${n % 100}`,
      schedulerName: "default-scheduler",
    },
    status: {
      phase: "Running",
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastTransitionTime: time,
      })),
      podIP: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
      startTime: time,
      qosClass: "BestEffort",
    },
  };
}

const nameOf = (n: number) => `pod-${String(n).padStart(6, "0")}`;
const namespaceOf = (n: number) => `ns-${String(n % NAMESPACES).padStart(3, "0")}`;

async function fill(store: Store): Promise<object> {
  for (let from = 0; from < objects; from += FILL_BATCH) {
    const puts = Array.from({ length: Math.min(FILL_BATCH, objects - from) }, (_, index) => {
      const n = from + index;
      const key = `/registry/core/pods/${namespaceOf(n)}/${nameOf(n)}`;
      return { type: "put" as const, key, value: Buffer.from(JSON.stringify(makePod(n))) };
    });
    await store.transact({ success: puts });
  }
  return { objects };
}

/** `startMs` is from the start of this process to the first answer. */
async function serve(store: Store): Promise<object> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.enable();
  const server = await startTestServer({ store });
  const found = await server.client.get(pods, namespaceOf(1), nameOf(1));
  const startMs = Math.round(performance.now());
  if (found.metadata.namespace !== namespaceOf(1)) throw new Error("the pods are not there");
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  const longestStallMs = Math.round(delay.max / 1e6);
  const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
  await server.stop();
  return { objects, startMs, rssMib, longestStallMs };
}

const store = await openLmdbStore({ dir: values.dir!, logger: silentLogger, keepHistoryMs: 0 });
const figures = values.fill ? await fill(store) : await serve(store);
process.stdout.write(`${JSON.stringify(figures)}\n`);
await store.close();
process.exit(0);
