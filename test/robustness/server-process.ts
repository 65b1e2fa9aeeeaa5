import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

const SERVER = join(import.meta.dirname, "store-server.ts");
const MOVABLE_DATE = join(import.meta.dirname, "faults", "movable-date.ts");
const READY_TIMEOUT_MS = 30_000;
/** Compiled modules: a start takes a third of the time with them, and a run has hundreds of starts. */
export const COMPILE_CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "robustness");

export interface ServerOptions {
  /** Where its socket and its log are, and the store's directory unless `storeDir` says otherwise. */
  workDir: string;
  storeDir: string;
  /** Uses etcd instead of LMDB. */
  etcd?: string | undefined;
  /** Arguments of strace: what is to be done to the process' system calls. */
  inject?: readonly string[] | undefined;
  bad?: string | undefined;
  /** How long history is kept; for ever when absent. */
  keepHistoryMs?: number | undefined;
  /** Its wall clock can be moved. */
  movableDate?: boolean | undefined;
}

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The process under test; with strace around it where system calls are to fail. */
export class ServerProcess {
  readonly socketPath: string;
  readonly exited: Promise<ServerExit>;
  readonly #child: ChildProcess;
  readonly #waiting: { line: RegExp; resolve(match: RegExpExecArray): void }[] = [];
  readonly #lines: string[] = [];
  #pid = 0;
  #hasExited = false;

  /** Resolves when it serves. Throws with what it said when it does not. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    const started = server.line(/^ready (\d+)$/).then((match) => {
      server.#pid = Number(match[1]);
      return "ready" as const;
    });
    const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
    const tooLate = new Promise<"late">((resolve) =>
      timeout.addEventListener("abort", () => resolve("late")),
    );
    const outcome = await Promise.race([started, server.exited, tooLate]);
    if (outcome === "ready") return server;
    server.signal("SIGKILL");
    throw new StartFailed(server.#lines.join("\n") || JSON.stringify(outcome));
  }

  private constructor(options: ServerOptions) {
    const { workDir, inject } = options;
    this.socketPath = join(workDir, `s${process.hrtime.bigint()}`);
    const args = serverArguments(options, this.socketPath);
    const command = inject ? [...tracing(inject), process.execPath] : [process.execPath];
    // strace counts the calls of each thread for itself: with one worker the nth call is the nth call.
    const threads = inject ? { UV_THREADPOOL_SIZE: "1" } : {};
    const env = { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...threads };
    const log = openSync(join(workDir, "server.log"), "a");
    this.#child = spawn(command[0]!, [...command.slice(1), ...args], { env, stdio: ["ignore", "pipe", log] });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
    let rest = "";
    this.#child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#onLine(line);
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Resolves with the first line, also of the past, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    for (const line of this.#lines) {
      const match = pattern.exec(line);
      if (match) return Promise.resolve(match);
    }
    return new Promise((resolve) => this.#waiting.push({ line: pattern, resolve }));
  }

  has(pattern: RegExp): boolean {
    return this.#lines.some((line) => pattern.test(line));
  }

  /** To the store's own process, not to strace. */
  signal(signal: NodeJS.Signals): void {
    if (this.#hasExited) return;
    try {
      if (this.#pid) process.kill(this.#pid, signal);
      else this.#child.kill(signal);
    } catch {
      // It ended in this moment.
    }
  }

  async kill(): Promise<void> {
    this.signal("SIGCONT");
    this.signal("SIGKILL");
    await this.exited;
  }

  /** Lets it close the store; SIGKILL when it does not come to an end. */
  async stop(): Promise<ServerExit> {
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), 20_000);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    for (const waiting of [...this.#waiting]) {
      const match = waiting.line.exec(line);
      if (!match) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve(match);
    }
  }
}

/** With `--seccomp-bpf` strace stops the process only at the calls that it is told of, but (6.1) loses the signals that it injects. */
function tracing(rules: readonly string[]): string[] {
  const fast = rules.some((rule) => rule.includes("signal=")) ? [] : ["--seccomp-bpf"];
  return ["strace", "-f", "-qq", ...fast, "-o", "/dev/null", ...rules];
}

function serverArguments(options: ServerOptions, socketPath: string): string[] {
  const { storeDir, etcd, bad, keepHistoryMs, movableDate } = options;
  const args = ["--disable-warning=ExperimentalWarning"];
  if (movableDate) args.push("--import", MOVABLE_DATE);
  args.push(SERVER, "--socket", socketPath, ...(etcd ? ["--etcd", etcd] : ["--dir", storeDir]));
  if (bad) args.push("--bad", bad);
  if (keepHistoryMs) args.push("--keep-history-ms", String(keepHistoryMs));
  return args;
}

/** The store did not come up: `message` is what its process said. */
export class StartFailed extends Error {}
