import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PlatformStatus } from "../../src/cli/index.ts";
import { mustRun, type RunOptions, type RunResult, run } from "./run.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
export const gantryBinary = join(repository, "bin", "gantry");

/** kubectl of one minor version where several stand beside the real path of the installed one; else the installed one. */
export function kubectlBinary(minor?: string): string {
  const installed = "/usr/bin/kubectl";
  if (!existsSync(installed)) return "kubectl";
  const beside = join(dirname(realpathSync(installed)), `kubectl.${minor ?? "1.33"}`);
  return existsSync(beside) ? beside : installed;
}

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface TestPlatform {
  readonly home: string;
  readonly status: PlatformStatus;
  /** `127.0.0.1:<port>`: the registry's name in image references. */
  readonly registry: string;
  readonly env: NodeJS.ProcessEnv;
  docker(...args: string[]): Promise<RunResult>;
  kubectl(...args: string[]): Promise<RunResult>;
  gantry(...args: string[]): Promise<RunResult>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** kill -9 of the program; containers go on. */
  kill(): Promise<void>;
  /** Starts it again on the same home and ports. */
  up(): Promise<PlatformStatus>;
  /** Stops it and removes everything. */
  reset(): Promise<void>;
}

export interface StartOptions {
  apiPort?: number;
  registryPort?: number;
  home?: string;
  extra?: string[];
}

/** What the last guard of a program that runs has logged: each is a mistake of ours, whatever the test was about. */
async function escapedErrors(home: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const { code, stdout } = await run(gantryBinary, ["status", "--json"], { env });
  if (code !== 0 || (JSON.parse(stdout) as PlatformStatus).escapedErrors === 0) return [];
  const log = readFileSync(join(home, "logs", "gantry.log"), "utf8");
  return log
    .split("\n")
    .filter((line) => /an error escaped|callback failed|upgraded connection failed/.test(line));
}

/** A platform of the test's own: a fresh home on the disk, free ports. */
export async function startPlatform(options: StartOptions = {}): Promise<TestPlatform> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "gantry-"));
  const apiPort = options.apiPort ?? (await freePort());
  const registryPort = options.registryPort ?? (await freePort());
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    GANTRY_HOME: home,
    DOCKER_HOST: `unix://${home}/docker.sock`,
    DOCKER_CONFIG: join(home, "docker-config"),
    DOCKER_BUILDKIT: "0",
    KUBECONFIG: join(home, "kubeconfig"),
    HOME: process.env.HOME ?? "/root",
  };
  const upArgs = [
    "up",
    "--detach",
    "--wait",
    "--api-port",
    String(apiPort),
    "--registry-port",
    String(registryPort),
    ...(options.extra ?? []),
  ];
  const readStatus = async (): Promise<PlatformStatus> =>
    JSON.parse((await mustRun(gantryBinary, ["status", "--json"], { env })).stdout);
  const up = async (): Promise<PlatformStatus> => {
    const result = await run(gantryBinary, upArgs, { env, timeoutMs: 90_000 });
    if (result.code !== 0) {
      const log = join(home, "logs", "gantry.log");
      throw new Error(
        `gantry up exited with ${result.code}\n${result.stderr}\n${existsSync(log) ? readFileSync(log, "utf8").slice(-4000) : ""}`,
      );
    }
    return readStatus();
  };
  let status = await up();
  return {
    home,
    get status() {
      return status;
    },
    registry: `127.0.0.1:${registryPort}`,
    env,
    docker: (...args) => run("docker", args, { env, timeoutMs: 180_000 }),
    kubectl: (...args) => run(kubectlBinary(), args, { env, timeoutMs: 180_000 }),
    gantry: (...args) => run(gantryBinary, args, { env, timeoutMs: 120_000 }),
    run: (command, args, more = {}) => run(command, args, { env, ...more }),
    kill: async () => {
      const { pid } = status;
      process.kill(pid, "SIGKILL");
      while (existsSync(`/proc/${pid}/exe`)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    up: async () => {
      status = await up();
      return status;
    },
    reset: async () => {
      const escaped = await escapedErrors(home, env);
      await run(gantryBinary, ["reset"], { env, timeoutMs: 120_000 });
      rmSync(home, { recursive: true, force: true });
      if (escaped.length > 0) throw new Error(`errors have escaped in the program:\n${escaped.join("\n")}`);
    },
  };
}
