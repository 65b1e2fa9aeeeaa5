import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { errnoCode, GantryError, readAll, systemClock } from "../base/index.ts";

export interface GitCommandOptions {
  /** Repository; absent: none. */
  gitDir?: string;
  workTree?: string;
  /** Protocols that it may use, for submodules too. */
  protocols: readonly string[];
  /** Settings that must not be seen in the list of processes (credentials), by name. */
  settings?: Readonly<Record<string, string>>;
  /** Path of an agent's socket for SSH. */
  agentSocket?: string;
  /** Path of a file with keys of hosts; without it SSH trusts whoever answers. */
  knownHosts?: string;
  /** What git says of its progress, as it says it. */
  onOutput?: (stream: 1 | 2, data: Buffer) => void;
  signal: AbortSignal;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Git takes its locks away when it is asked to end. */
const END_TIMEOUT_MS = 5_000;
/** A server that sends nothing for so long is given up: also by a git that this program did not live to end. */
const STALLED_SECONDS = 60;
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/**
 * Runs the machine's git without any of the machine's settings; returns what it wrote to its output. Fails with its words, as BuildKit
 * tells them, and with Unavailable (`Git.Missing`) where there is no git.
 */
export async function runGit(args: readonly string[], options: GitCommandOptions): Promise<string> {
  options.signal.throwIfAborted();
  const child = spawn("git", [...placeOf(options), ...args], {
    cwd: options.workTree,
    env: environmentOf(options),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: helpers that git starts end with it.
    detached: true,
  });
  const ended = endOf(child);
  const stop = () => void stopGroup(child, ended);
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    if (options.onOutput) {
      child.stdout.on("data", (data: Buffer) => options.onOutput!(1, data));
      child.stderr.on("data", (data: Buffer) => options.onOutput!(2, data));
    }
    const [code, stdout, stderr] = await Promise.all([
      ended,
      readAll(child.stdout, MAX_OUTPUT_BYTES),
      readAll(child.stderr, MAX_OUTPUT_BYTES),
    ]);
    options.signal.throwIfAborted();
    if (code === 0) return stdout.toString("utf8");
    throw failed(code, stderr.toString("utf8"));
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    throw new GantryError("Unavailable", "failed to find git binary", {
      code: "Git.Missing",
      hint: "install git on this machine",
      cause: error,
    });
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}

function placeOf({ gitDir, workTree }: GitCommandOptions): string[] {
  return [
    ...["-c", `http.lowSpeedTime=${STALLED_SECONDS}`, "-c", "http.lowSpeedLimit=1"],
    ...(workTree ? ["--work-tree", workTree] : []),
    ...(gitDir ? ["--git-dir", gitDir] : []),
  ];
}

function environmentOf(options: GitCommandOptions): Record<string, string> {
  const settings = Object.entries(options.settings ?? {});
  const ssh = options.knownHosts
    ? `ssh -F /dev/null -o UserKnownHostsFile=${options.knownHosts}`
    : "ssh -F /dev/null -o StrictHostKeyChecking=no";
  const environment: Record<string, string> = {
    PATH: process.env.PATH || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LC_ALL: "C",
    HOME: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ALLOW_PROTOCOL: options.protocols.join(":"),
    GIT_SSH_COMMAND: `${ssh} -o ServerAliveInterval=${STALLED_SECONDS / 4}`,
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [name, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = name;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  for (const name of PROXY_VARIABLES) {
    const value = process.env[name];
    if (value) environment[name] = value;
  }
  if (options.agentSocket) environment.SSH_AUTH_SOCK = options.agentSocket;
  return environment;
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

async function stopGroup(child: ChildProcess, ended: Promise<number>): Promise<void> {
  sendToGroup(child, "SIGTERM");
  const waited = new AbortController();
  ended.finally(() => waited.abort()).catch(() => {});
  try {
    await systemClock.sleep(END_TIMEOUT_MS, waited.signal);
  } catch {
    return;
  }
  sendToGroup(child, "SIGKILL");
}

function sendToGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errnoCode(error) !== "ESRCH") throw error;
  }
}

function failed(code: number, stderr: string): GantryError {
  return new GantryError("InvalidArgument", `git stderr:\n${stderr.trimEnd()}: exit status ${code}`, {
    code: "Git.Failed",
    details: { stderr },
  });
}
