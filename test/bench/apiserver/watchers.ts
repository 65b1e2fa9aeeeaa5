import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuTimeOf } from "../process-cpu.ts";
import { quantiles } from "../quantiles.ts";
import { type BenchServer, residentMib, startServer } from "./server.ts";
import type { WatchClientOptions, WatchClientReport } from "./watch-client.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
/** After the last change, for what is still on its way: until all is there, or so long. */
const SETTLE_MS = 30_000;

export interface ManyWatchers {
  watchers: number;
  changesPerSecond: number;
  seconds: number;
}

/** Watches of all ConfigMaps of one namespace, each on its own connection, while some of them change: how late events come. */
export async function benchManyWatchers({
  watchers,
  changesPerSecond,
  seconds,
}: ManyWatchers): Promise<object> {
  return withServer(async (server) => {
    const beganAt = performance.now();
    const path = await watchPath(server);
    const client = await openWatches(server, Array(watchers).fill(path));
    const openMs = Math.round(performance.now() - beganAt);
    const openMib = residentMib(server.pid);
    client.send("begin");
    const before = [cpuTimeOf(server.pid), cpuTimeOf(client.pid!)] as const;
    const changes = await change(server, changesPerSecond, seconds);
    const { events, delaysMs, ended } = await settled(client, changes * watchers);
    const after = [cpuTimeOf(server.pid), cpuTimeOf(client.pid!)] as const;
    const cpuMicros = (index: 0 | 1) => round((after[index].all - before[index].all) / Math.max(1, events));
    await closed(client);
    return {
      watchers,
      changes,
      openMs,
      deliveredPart: round(events / (changes * watchers)),
      ended,
      deliveryMs: quantiles(delaysMs),
      cpuMicrosADelivery: { server: cpuMicros(0), client: cpuMicros(1) },
      serverMib: { open: openMib, atTheEnd: residentMib(server.pid) },
    };
  });
}

/**
 * Watches that each follow one object by a field selector, and changes of one of these objects: the server's time for a change
 * must not depend on how many others are watched.
 */
export async function benchFieldWatchers(counts: readonly number[], changes: number): Promise<object> {
  const rows: object[] = [];
  for (const watchers of counts) {
    rows.push(
      await withServer(async (server) => {
        const all = await watchPath(server);
        const path = (index: number) => `${all}&fieldSelector=metadata.name%3Dchanged-${index}`;
        const client = await openWatches(
          server,
          Array.from({ length: watchers }, (_, index) => path(index)),
        );
        await change(server, 1_000, 1);
        client.send("begin");
        const before = cpuTimeOf(server.pid);
        const made = await changeFast(server, changes);
        const after = cpuTimeOf(server.pid);
        const { events, delaysMs } = await settled(client, made);
        await closed(client);
        return {
          watchers,
          cpuMicrosAChange: Math.round((after.main - before.main) / made),
          deliveredPart: round(events / made),
          deliveryMs: quantiles(delaysMs),
        };
      }),
    );
  }
  return rows;
}

async function withServer(work: (server: BenchServer) => Promise<object>): Promise<object> {
  const server = await startServer();
  try {
    for (let index = 0; index < 10; index++) await server.create(MAPS, mapOf(index));
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function openWatches(server: BenchServer, paths: string[]): Promise<ChildProcess> {
  const client = fork(join(import.meta.dirname, "watch-client.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const options: WatchClientOptions = { ...server.access, paths };
  client.send(options);
  await once(client, "message");
  return client;
}

async function reportOf(client: ChildProcess): Promise<WatchClientReport> {
  client.send("report");
  const [report] = await once(client, "message");
  return report;
}

/** Its report, once so many events have come or nothing more is to be expected. */
async function settled(client: ChildProcess, events: number): Promise<WatchClientReport> {
  const endsAt = performance.now() + SETTLE_MS;
  for (;;) {
    const report = await reportOf(client);
    if (report.events >= events || performance.now() > endsAt) return report;
    await sleep(200);
  }
}

/** From now on: without what is there already. */
async function watchPath(server: BenchServer): Promise<string> {
  const list = (await server.request("GET", `${MAPS}?limit=1`)) as { metadata: { resourceVersion: string } };
  return `${MAPS}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
}

async function closed(client: ChildProcess): Promise<void> {
  client.kill("SIGKILL");
  await once(client, "exit");
}

/** Changes one of ten objects after the other, so many a second; how many that were. */
async function change(server: BenchServer, perSecond: number, seconds: number): Promise<number> {
  const beganAt = performance.now();
  let made = 0;
  const running: Promise<object>[] = [];
  while (performance.now() - beganAt < seconds * 1000 && made < perSecond * seconds) {
    running.push(server.request("PUT", `${MAPS}/changed-${made % 10}`, mapOf(made % 10)));
    made++;
    const dueMs = (made * 1000) / perSecond - (performance.now() - beganAt);
    if (dueMs > 0) await sleep(dueMs);
  }
  await Promise.all(running);
  return made;
}

/** One change when the one before is answered. */
async function changeFast(server: BenchServer, changes: number): Promise<number> {
  for (let made = 0; made < changes; made++)
    await server.request("PUT", `${MAPS}/changed-${made % 10}`, mapOf(made % 10));
  return changes;
}

function mapOf(index: number): object {
  const at = Number(process.hrtime.bigint()) / 1e6;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `changed-${index}` },
    data: { at: `at=${at};` },
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
