import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { retry } from "../../base/index.ts";

/** Debian's etcd-server; tests that need it are skipped, visibly, where it is not installed. */
export const hasEtcd = spawnSync("etcd", ["--version"]).status === 0;

export interface EtcdProcess {
  /** `host:port` for clients. */
  endpoint: string;
  readonly pid: number;
  /** Stops it as a crash would, or with the signal that is named. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it on the same data and ports. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export interface EtcdProcessOptions {
  flags?: string[];
  /** `https` needs its flags, and has no health check without them. */
  scheme?: "http" | "https";
}

/** Elections are over in a moment, so that a member alone is ready at once. */
const FAST = ["--heartbeat-interval=10", "--election-timeout=50", "--logger=zap", "--log-level=error"];

export async function startEtcd(options: EtcdProcessOptions = {}): Promise<EtcdProcess> {
  const [one] = await startEtcdCluster(1, options);
  return one!;
}

/** Members of one cluster, each with its own data directory and ports. */
export async function startEtcdCluster(
  count: number,
  options: EtcdProcessOptions = {},
): Promise<EtcdProcess[]> {
  const ports = await freePorts(count * 2);
  const peers = Array.from({ length: count }, (_, n) => `m${n}=http://127.0.0.1:${ports[n * 2 + 1]}`).join(
    ",",
  );
  const members = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      prepareMember(n, ports[n * 2]!, ports[n * 2 + 1]!, peers, options),
    ),
  );
  await Promise.all(members.map((member) => member.start()));
  return members;
}

async function prepareMember(
  n: number,
  clientPort: number,
  peerPort: number,
  peers: string,
  { flags = [], scheme = "http" }: EtcdProcessOptions,
): Promise<EtcdProcess> {
  const dir = await mkdtemp(join(tmpdir(), "gantry-etcd-"));
  const endpoint = `127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  let child: ChildProcess | undefined;
  const start = async () => {
    const args = [`--name=m${n}`, `--data-dir=${join(dir, "data")}`, "--initial-cluster-state=new"];
    args.push(
      `--listen-client-urls=${scheme}://${endpoint}`,
      `--advertise-client-urls=${scheme}://${endpoint}`,
    );
    args.push(
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${peers}`,
    );
    let output = "";
    const started = spawn("etcd", [...args, ...FAST, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (chunk) => {
        output = (output + chunk).slice(-4000);
      });
    }
    await retry(
      async () => {
        if (started.exitCode !== null) throw new Error(`etcd ended: ${output}`);
        await assertHealthy(endpoint, scheme);
      },
      { attempts: 400, initialMs: 15, maxMs: 50, retryable: () => started.exitCode === null },
    );
  };
  const kill = async (signal: NodeJS.Signals = "SIGKILL") => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGCONT");
    ending.kill(signal);
    await ended;
  };
  return {
    endpoint,
    get pid() {
      return child!.pid!;
    },
    kill,
    start,
    pause: () => child!.kill("SIGSTOP"),
    resume: () => child!.kill("SIGCONT"),
    dispose: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function assertHealthy(endpoint: string, scheme: string): Promise<void> {
  if (scheme === "https") return assertListening(endpoint);
  const response = await fetch(`http://${endpoint}/health`, { signal: AbortSignal.timeout(5000) });
  const { health } = (await response.json()) as { health: string };
  if (health !== "true") throw new Error("etcd is not healthy yet");
}

async function assertListening(endpoint: string): Promise<void> {
  const { connect } = await import("node:net");
  const [host, port] = endpoint.split(":");
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port) }, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
