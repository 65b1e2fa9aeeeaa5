import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEtcd, startEtcd } from "../../src/store/etcd/etcd-process.test-support.ts";
import { run } from "../support/run.ts";

const WORKER = join(import.meta.dirname, "store-worker.ts");
const PODS_WORKER = join(import.meta.dirname, "store-pods.ts");

export interface StoreBenchOptions {
  /** Of each measurement. */
  seconds: number;
  /** For the start with many objects; 0 leaves it out. */
  objects: number;
  watchers: number;
  rounds: number;
}

type Figures = Record<string, number>;
interface Contestant {
  name: string;
  isEtcd: boolean;
  /** Arguments that lead a worker to the store. */
  args: string[];
  /** Of its server, beside the worker's own memory. */
  serverRssMib(): number;
  restartServer(): Promise<number>;
  dispose(): Promise<void>;
}

/**
 * The embedded store and Debian's etcd on the same disk in the same run, each through the same interface as the platform uses it: the
 * embedded one in the client's process, etcd over gRPC. Both sync every write.
 */
export async function benchStore(options: StoreBenchOptions): Promise<object> {
  const report: Record<string, Record<string, Figures[]>> = {};
  for (let round = 0; round < options.rounds; round++) {
    for (const open of [openGantry, ...(hasEtcd ? [openEtcd] : [])]) {
      const contestant = await open();
      try {
        const figures = await measure(contestant, options);
        for (const [what, values] of Object.entries(figures)) {
          const byName = report[what] ?? {};
          report[what] = byName;
          byName[contestant.name] = [...(byName[contestant.name] ?? []), values];
        }
      } finally {
        await contestant.dispose();
      }
    }
  }
  const figures = Object.entries(report).map(([what, byName]) => [what, medians(byName)]);
  const { objects } = options;
  if (objects > 0)
    figures.push(["API server's start with many pods", { gantry: await measurePods(objects) }]);
  return Object.fromEntries(figures);
}

/** An API server on a store that holds many pods: from the start of its process to the first answer. */
async function measurePods(objects: number): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bench-pods-"));
  const args = ["--dir", dir, "--objects", String(objects)];
  try {
    await runScript(PODS_WORKER, [...args, "--fill"]);
    const rounds: Figures[] = [];
    for (let round = 0; round < 3; round++) rounds.push(await runScript(PODS_WORKER, args));
    return medians({ pods: rounds }).pods!;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(contestant: Contestant, options: StoreBenchOptions): Promise<Record<string, Figures>> {
  const { seconds, objects, watchers } = options;
  const worker = (what: string, args: Record<string, number> = {}) =>
    runWorker(contestant, what, { seconds, ...args });
  const figures: Record<string, Figures> = {
    "put, 1 client": await worker("put", { clients: 1, objects: 1000 }),
    "put, 64 clients": await worker("put", { clients: 64, objects: 1000 }),
    ...(contestant.isEtcd
      ? {
          "put, 64 clients, etcd over bare HTTP/2": await worker("plain-put", { clients: 64, objects: 1000 }),
        }
      : {}),
    "get, 64 clients": await worker("get", { clients: 64, objects: 1000 }),
    watch: await worker("watch", { watchers }),
  };
  await worker("fill", { objects: 10_000 });
  figures["range of 10 000 keys"] = await worker("range");
  if (!contestant.isEtcd) figures["the event loop meanwhile"] = await worker("maintain", { objects: 50_000 });
  if (objects === 0) return figures;
  figures.fill = await worker("fill", { objects });
  const serverStartMs = await contestant.restartServer();
  const start = await worker("start");
  figures["start with many objects"] = { ...start, serverStartMs, serverRssMib: contestant.serverRssMib() };
  figures["put, 1 client, many objects"] = await worker("put", { clients: 1, objects });
  figures["put, 64 clients, many objects"] = await worker("put", { clients: 64, objects });
  return figures;
}

async function runWorker(
  { args }: Contestant,
  what: string,
  options: Record<string, number>,
): Promise<Figures> {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runScript(WORKER, ["--what", what, ...args, ...flags]);
}

async function runScript(script: string, args: readonly string[]): Promise<Figures> {
  const command = ["--disable-warning=ExperimentalWarning", "--expose-gc", script, ...args];
  const result = await run(process.execPath, command, { timeoutMs: 600_000 });
  if (result.code !== 0) throw new Error(`${script} ${args.join(" ")} failed: ${result.stderr}`);
  return JSON.parse(result.stdout);
}

async function openGantry(): Promise<Contestant> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bench-store-"));
  return {
    name: "gantry",
    isEtcd: false,
    args: ["--dir", dir],
    serverRssMib: () => 0,
    restartServer: async () => 0,
    dispose: async () => rmSync(dir, { recursive: true, force: true }),
  };
}

async function openEtcd(): Promise<Contestant> {
  // Its own time-outs and limits, except for the quota, which many objects would meet.
  const server = await startEtcd({
    flags: ["--heartbeat-interval=100", "--election-timeout=1000", "--quota-backend-bytes=8000000000"],
  });
  return {
    name: "etcd",
    isEtcd: true,
    args: ["--etcd", server.endpoint],
    serverRssMib: () =>
      Math.round(
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) / 1024,
      ),
    async restartServer() {
      await server.kill("SIGTERM");
      const beganMs = performance.now();
      await server.start();
      return Math.round(performance.now() - beganMs);
    },
    dispose: () => server.dispose(),
  };
}

/** Of each figure the median over the rounds. */
function medians(byName: Record<string, Figures[]>): Record<string, Figures> {
  const medianOf = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return Object.fromEntries(
    Object.entries(byName).map(([name, rounds]) => [
      name,
      Object.fromEntries(
        Object.keys(rounds[0]!).map((figure) => [figure, medianOf(rounds.map((one) => one[figure]!))]),
      ),
    ]),
  );
}
