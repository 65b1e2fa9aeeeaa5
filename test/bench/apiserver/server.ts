import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/index.ts";
import { requestOnce } from "../apiserver-load.ts";
import { cpuTimeOf } from "../process-cpu.ts";

const MAIN = join(import.meta.dirname, "..", "..", "..", "src", "main.ts");

/** What stands in GANTRY_BENCH_NODE_ARGS is given to the server's Node: `--cpu-prof --cpu-prof-dir=DIR`. */
export const BENCH_NODE_ARGS = (process.env.GANTRY_BENCH_NODE_ARGS ?? "")
  .split(" ")
  .filter((arg) => arg !== "");

export interface BenchServerOptions {
  /** For the server's process: `--cpu-prof`. */
  execArgv?: readonly string[];
  /** Kept when the server stops; one of its own without it. */
  home?: string;
}

export type BenchServer = Awaited<ReturnType<typeof startServer>>;

/** An API server alone in its process on a durable store, with a token of an account that may do everything. */
export async function startServer({ execArgv = BENCH_NODE_ARGS, home: given }: BenchServerOptions = {}) {
  const home = given ?? mkdtempSync(join(tmpdir(), "gantry-bench-api-"));
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
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const kubeconfig = join(home, "kubeconfig");
  while (!Buffer.concat(output).includes("KUBECONFIG")) await systemClock.sleep(20);
  const ready = {
    readyMs: Math.round(performance.now() - startedAt),
    readyCpuMs: Math.round(cpuTimeOf(child.pid!).all / 1000),
  };
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
    /** From the start of the process to where it says that it is ready: time, and the processor's time in that. */
    ...ready,
    access: { url, ca: proof.ca, token: (made as { status: { token: string } }).status.token },
    create,
    request: (method: string, path: string, body?: object) =>
      requestOnce({ url, ...proof }, method, path, body),
    async stop() {
      child.kill("SIGTERM");
      await exited;
      if (given === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What a process has in memory, in MiB. */
export function residentMib(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Math.round(Number(kib) / 1024);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
