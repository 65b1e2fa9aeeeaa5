import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fairTurn } from "../base/index.ts";
import { killProcess, processIdentity, withPrivateMountNamespace } from "../kernel/index.ts";
import type { ExecChannel, ExecPlace } from "./exec-channel.ts";
import { ExecPipes } from "./exec-pipes.ts";
import { ExecTerminal } from "./exec-terminal.ts";
import { execFailure } from "./failure.ts";
import type { OciProcess } from "./oci-spec.ts";
import { RUNTIME_ENV } from "./runtime-command.ts";
import { writeSpecFile } from "./spec-file.ts";
import type { ExecOptions, RunningExec } from "./types.ts";

/** Runs a process in a container with `crun exec`, which stays as its parent and ends with its exit code. */
export function startExec(options: ExecOptions, place: ExecPlace): RunningExec {
  let execution: Execution | undefined;
  const pending: { signal?: NodeJS.Signals | number; size?: [number, number] } = {};
  const done = Execution.start(options, place).then((started) => {
    execution = started;
    if (pending.size) started.resize(...pending.size);
    if (pending.signal !== undefined) started.kill(pending.signal);
    return started.done;
  });
  return {
    done,
    resize(columns, rows) {
      if (execution) execution.resize(columns, rows);
      else pending.size = [columns, rows];
    },
    kill(signal) {
      if (execution) execution.kill(signal);
      else pending.signal = signal;
    },
  };
}

/** The runtime gives the terminal its first size before the process can look at it. */
function sized({ process, columns, rows }: ExecOptions): OciProcess {
  if (!process.terminal || !columns || !rows) return process;
  return { ...process, consoleSize: { width: columns, height: rows } };
}

class Execution {
  readonly done: Promise<{ exitCode: number }>;
  readonly #child: ChildProcess;
  readonly #channel: ExecChannel;
  readonly #options: ExecOptions;
  readonly #place: ExecPlace;
  #pid: number | undefined;
  #wantedSignal: NodeJS.Signals | number | undefined;

  static async start(options: ExecOptions, place: ExecPlace): Promise<Execution> {
    await fairTurn();
    mkdirSync(place.dir, { recursive: true, mode: 0o700 });
    try {
      writeSpecFile(join(place.dir, "process.json"), sized(options));
      const channel = options.process.terminal
        ? await ExecTerminal.open(options, place)
        : new ExecPipes(options, place.clock);
      return new Execution(options, place, channel);
    } catch (error) {
      rmSync(place.dir, { recursive: true, force: true });
      throw error;
    }
  }

  constructor(options: ExecOptions, place: ExecPlace, channel: ExecChannel) {
    this.#options = options;
    this.#place = place;
    this.#channel = channel;
    const args = [
      ...["--root", place.runtimeRoot, "--log", join(place.dir, "log"), "--log-format", "json", "exec"],
      ...["--process", join(place.dir, "process.json"), "--pid-file", join(place.dir, "pid")],
      ...channel.runtimeArguments,
      options.containerId,
    ];
    try {
      this.#child = withPrivateMountNamespace(() =>
        spawn(place.runtime.path, args, { env: RUNTIME_ENV, stdio: channel.stdio, cwd: "/", detached: true }),
      );
    } catch (error) {
      channel.close();
      throw error;
    }
    inheritOomScore(this.#child.pid, options.process.oomScoreAdj);
    channel.started();
    this.done = this.#run();
  }

  resize(columns: number, rows: number): void {
    this.#channel.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals | number): void {
    this.#wantedSignal = signal;
    if (this.#pid !== undefined) killProcess(this.#pid, signal);
  }

  async #run(): Promise<{ exitCode: number }> {
    const exited = new Promise<number>((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", (code, signal) => resolve(code ?? signalExitCode(signal)));
    });
    try {
      const stopLooking = this.#lookForPid();
      const exitCode = await exited.finally(stopLooking);
      this.#readPid();
      const failure = exitCode === 0 ? "" : this.#readLog();
      if (failure && this.#pid === undefined) throw execFailure(failure, this.#options.process.args[0] ?? "");
      this.#channel.running();
      await this.#channel.drained();
      return { exitCode };
    } finally {
      this.#channel.close();
      rmSync(this.#place.dir, { recursive: true, force: true });
    }
  }

  /** The runtime writes the pid once the process is there; nothing tells when, so that it is looked for, less and less often. */
  #lookForPid(): () => void {
    let delayMs = 2;
    let cancel = () => {};
    const look = () => {
      if (this.#readPid()) return;
      delayMs = Math.min(delayMs * 1.5, 50);
      cancel = this.#place.clock.after(delayMs, look);
    };
    cancel = this.#place.clock.after(delayMs, look);
    return () => cancel();
  }

  #readPid(): boolean {
    if (this.#pid !== undefined) return true;
    let text: string;
    try {
      text = readFileSync(join(this.#place.dir, "pid"), "utf8");
    } catch {
      return false;
    }
    const pid = Number(text);
    if (!Number.isInteger(pid) || pid <= 0) return false;
    this.#pid = pid;
    this.#channel.running();
    this.#options.onStarted?.(pid);
    if (this.#wantedSignal !== undefined && processIdentity(pid)) killProcess(pid, this.#wantedSignal);
    return true;
  }

  #readLog(): string {
    try {
      return readFileSync(join(this.#place.dir, "log"), "utf8");
    } catch {
      return "";
    }
  }
}

/** `crun exec` leaves this program's own score, which is low, to the process: given to crun, it passes on the right one. */
function inheritOomScore(pid: number | undefined, score: number | undefined): void {
  if (pid === undefined || score === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
  } catch {
    // It has ended already.
  }
}

function signalExitCode(signal: NodeJS.Signals | null): number {
  return signal === "SIGKILL" ? 137 : signal === "SIGTERM" ? 143 : 255;
}
