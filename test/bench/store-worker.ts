import { rmSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { silentLogger, systemClock } from "../../src/base/index.ts";
import { protobuf } from "../../src/formats/index.ts";
import { TXN } from "../../src/store/etcd/methods.ts";
import { openEtcdStore, openLmdbStore, type Store, WatchCache } from "../../src/store/index.ts";
import { quantiles } from "./quantiles.ts";

const { encode } = protobuf;

// One measurement of one store in a process of its own; prints JSON. `--what` names it, see `MEASUREMENTS`.

const { values } = parseArgs({
  options: {
    what: { type: "string" },
    dir: { type: "string" },
    etcd: { type: "string" },
    clients: { type: "string", default: "1" },
    seconds: { type: "string", default: "2" },
    objects: { type: "string", default: "10000" },
    watchers: { type: "string", default: "200" },
  },
});
const clients = Number(values.clients);
const durationMs = Number(values.seconds) * 1000;
const objects = Number(values.objects);

const VALUE_BYTES = 1500;
const FILL_BATCH = 100;
const WATCHED_WRITE_EVERY_MS = 50;
const PREFIX = "/registry/pods/default/";
const keyOf = (n: number) => `${PREFIX}pod-${String(n).padStart(6, "0")}`;

/** About as compressible as an object in JSON; no two are alike. */
function makeValue(n: number): Buffer {
  return Buffer.alloc(
    VALUE_BYTES,
    `{"metadata":{"name":"pod-${n}","uid":"${Math.random()}"},"spec":{"nodeName":"n"}}`,
  );
}

function openStore(): Promise<Store> {
  const options = { logger: silentLogger, keepHistoryMs: 0 };
  if (values.etcd) return openEtcdStore({ ...options, endpoints: [values.etcd] });
  return openLmdbStore({ ...options, dir: values.dir! });
}

/** As many at a time as there are clients, until the time is over; the latency of each in ms. */
async function drive(once: (n: number) => Promise<unknown>): Promise<Record<string, number>> {
  const latencies: number[] = [];
  const beganMs = systemClock.monotonicMs();
  let n = 0;
  const client = async () => {
    while (systemClock.monotonicMs() - beganMs < durationMs) {
      const startedMs = systemClock.monotonicMs();
      await once(n++);
      latencies.push(systemClock.monotonicMs() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (systemClock.monotonicMs() - beganMs) / 1000;
  return { perSecond: Math.round(latencies.length / seconds), ...quantiles(latencies) };
}

/**
 * Puts to etcd over bare HTTP/2, without a gRPC library: what etcd itself can do, where the client's own work would hide it.
 */
async function drivePlainPuts(): Promise<Record<string, number>> {
  const session = connect(`http://${values.etcd}`);
  const headers = {
    ":method": "POST",
    ":path": TXN.path,
    "content-type": "application/grpc",
    te: "trailers",
  };
  const put = (n: number) => {
    const request_put = { key: Buffer.from(keyOf(n)), value: makeValue(n), prev_kv: true };
    const message = encode(TXN.request, { success: [{ request_put }] });
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    message.copy(frame, 5);
    return new Promise<void>((resolve, reject) => {
      const stream = session.request(headers);
      stream.on("error", reject);
      stream.on("end", resolve);
      stream.resume();
      stream.end(frame);
    });
  };
  const figures = await drive((n) => put(n % objects));
  session.close();
  return figures;
}

const put = (store: Store, n: number) =>
  store.transact({ success: [{ type: "put", key: keyOf(n), value: makeValue(n) }] });

async function fill(store: Store): Promise<Record<string, number>> {
  const beganMs = systemClock.monotonicMs();
  for (let n = 0; n < objects; n += FILL_BATCH) {
    const batch = Array.from({ length: Math.min(FILL_BATCH, objects - n) }, (_, k) => ({
      type: "put" as const,
      key: keyOf(n + k),
      value: makeValue(n + k),
    }));
    await store.transact({ success: batch });
  }
  return { objects, ms: Math.round(systemClock.monotonicMs() - beganMs) };
}

async function range(store: Store): Promise<Record<string, number>> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let items = 0;
  const figures = await drive(async () => {
    items = (await store.range(PREFIX)).items.length;
  });
  delay.disable();
  return { items, ...figures, longestStallMs: Math.round(delay.max / 1e6) };
}

/** Watchers of all keys, one of a hundred of which does not read; how late the others hear of each write. */
async function watch(store: Store): Promise<Record<string, number>> {
  const count = Number(values.watchers);
  const controller = new AbortController();
  const sentMs = new Map<number, number>();
  // Made at once, so that it is not taken for growth.
  const lates = new Float64Array(count * (durationMs / WATCHED_WRITE_EVERY_MS + 1));
  let delivered = 0;
  let cutOff = 0;
  const { revision } = await store.status();
  const options = { key: PREFIX, prefix: true, startRevision: revision + 1, signal: controller.signal };
  const watchers = Array.from({ length: count }, async (_, index) => {
    try {
      for await (const batch of store.watch(options)) {
        lates[delivered++] = systemClock.monotonicMs() - sentMs.get(batch.revision)!;
        if (index % 100 === 99) await systemClock.sleep(durationMs * 2, controller.signal).catch(() => {});
      }
    } catch {
      cutOff++;
    }
  });
  await systemClock.sleep(500);
  let liveWarm = 0;
  let writes = 0;
  const startedMs = systemClock.monotonicMs();
  for (; systemClock.monotonicMs() < startedMs + durationMs; writes++) {
    // What is kept for the stalled ones fills up at first; after that it must stay.
    if (systemClock.monotonicMs() - startedMs > durationMs / 3) liveWarm ||= liveMib();
    sentMs.set(revision + 1 + writes, systemClock.monotonicMs());
    await put(store, writes % 1000);
    await systemClock.sleep(WATCHED_WRITE_EVERY_MS);
  }
  await systemClock.sleep(500);
  const liveGrowthMib = Math.round(liveMib() - liveWarm);
  controller.abort();
  await Promise.all(watchers);
  const figures = quantiles([...lates.subarray(0, delivered)]);
  return {
    watchers: count,
    writes,
    delivered,
    cutOff,
    ...figures,
    liveMib: Math.round(liveWarm),
    liveGrowthMib,
  };
}

/** What the process holds on to, garbage not counted. */
function liveMib(): number {
  gc!();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** How long the event loop stands still while the store reads, copies and cleans all that it has, with one client writing on. */
async function maintain(store: Store): Promise<Record<string, number>> {
  for (let n = 0; n < objects; n += FILL_BATCH) {
    const batch = Array.from({ length: FILL_BATCH }, (_, k) => ({
      type: "put" as const,
      key: keyOf(n + k),
      value: makeValue(n),
    }));
    await store.transact({ success: batch });
  }
  const work = {
    list: () => store.range(PREFIX),
    compact: async () => store.compact((await store.status()).revision),
    snapshot: () => store.snapshot!(join(values.dir!, "bench.snapshot")),
    check: () => store.check(),
    defrag: () => store.defragment!(),
  };
  const figures: Record<string, number> = {};
  let isOver = false;
  const writing = (async () => {
    for (let n = 0; !isOver; n++) {
      await put(store, n % objects);
      await systemClock.sleep(2);
    }
  })();
  for (const [name, run] of Object.entries(work)) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await systemClock.sleep(20);
    delay.enable();
    const beganMs = systemClock.monotonicMs();
    await run();
    figures[`${name}Ms`] = Math.round(systemClock.monotonicMs() - beganMs);
    await systemClock.sleep(5);
    delay.disable();
    figures[`${name}StallMs`] = Math.round(delay.max / 1e6);
  }
  isOver = true;
  await writing;
  rmSync(join(values.dir!, "bench.snapshot"));
  return { objects, ...figures };
}

/** From nothing to all objects in the watch cache: what a start of the API server waits for. */
async function start(store: Store, openMs: number): Promise<Record<string, number>> {
  const beganMs = systemClock.monotonicMs();
  const controller = new AbortController();
  const cache = new WatchCache<Uint8Array>({
    store,
    prefix: "/registry/",
    decode: (_key, value) => value,
    logger: silentLogger,
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const running = new Promise<void>((resolve, reject) => {
    cache.run({ signal: controller.signal, ready: resolve }).catch(reject);
  });
  await running;
  delay.disable();
  const cacheMs = Math.round(systemClock.monotonicMs() - beganMs);
  const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const figures = {
    objects: cache.size,
    openMs,
    cacheMs,
    rssMib,
    longestStallMs: Math.round(delay.max / 1e6),
  };
  controller.abort();
  return figures;
}

const beganMs = systemClock.monotonicMs();
const store = await openStore();
const openMs = Math.round(systemClock.monotonicMs() - beganMs);
const MEASUREMENTS: Record<string, () => Promise<Record<string, number>>> = {
  put: () => drive((n) => put(store, n % objects)),
  "plain-put": () => drivePlainPuts(),
  get: () => drive((n) => store.get(keyOf((n * 7919) % objects))),
  fill: () => fill(store),
  range: () => range(store),
  watch: () => watch(store),
  start: () => start(store, openMs),
  maintain: () => maintain(store),
};
const figures = await MEASUREMENTS[values.what!]!();
process.stdout.write(`${JSON.stringify(figures)}\n`);
await store.close();
process.exit(0);
