import { connect } from "node:net";
import { type Duplex, Writable } from "node:stream";
import { type Clock, GantryError } from "../base/index.ts";
import type { AttachStreams, Engine } from "../engine/types.ts";
import { killProcess, openTcpInNamespace } from "../kernel/index.ts";
import type { ContainerService } from "./container-service.ts";
import { type SandboxStore, sandboxOf } from "./sandbox-store.ts";
import type { ExecStreams } from "./types.ts";

const EXEC_SYNC_OUTPUT_LIMIT = 16 * 2 ** 20;

export interface StreamingServiceOptions {
  engine: Engine;
  store: SandboxStore;
  containers: ContainerService;
  clock: Clock;
}

interface ExecOptions {
  tty: boolean;
  signal?: AbortSignal;
}

/** exec, attach and port forwarding. */
export class StreamingService {
  readonly #options: StreamingServiceOptions;

  constructor(options: StreamingServiceOptions) {
    this.#options = options;
  }

  async execSync(
    containerId: string,
    command: string[],
    timeoutSeconds: number,
  ): Promise<{ stdout: Buffer; stderr: Buffer; exitCode: number }> {
    const { clock } = this.#options;
    const stdout = new CappedBuffer(EXEC_SYNC_OUTPUT_LIMIT);
    const stderr = new CappedBuffer(EXEC_SYNC_OUTPUT_LIMIT);
    const timeout = new AbortController();
    const cancel = timeoutSeconds > 0 ? clock.after(timeoutSeconds * 1000, () => timeout.abort()) : () => {};
    try {
      const { exitCode } = await this.exec(
        containerId,
        command,
        { tty: false, signal: timeout.signal },
        { stdout, stderr },
      );
      return { stdout: stdout.bytes(), stderr: stderr.bytes(), exitCode };
    } catch (error) {
      if (!timeout.signal.aborted) throw error;
      throw new GantryError("DeadlineExceeded", `command "${command.join(" ")}" timed out`, {
        code: "Cri.ExecTimeout",
        details: { stdout: stdout.bytes().toString(), stderr: stderr.bytes().toString(), timeoutSeconds },
        cause: error,
      });
    } finally {
      cancel();
    }
  }

  /** When the signal aborts, the process is killed and the call fails with Canceled. */
  async exec(
    containerId: string,
    command: string[],
    { tty, signal }: ExecOptions,
    streams: ExecStreams,
  ): Promise<{ exitCode: number }> {
    const { engine, containers } = this.#options;
    containers.runningOrThrow(containerId);
    const { id } = await engine.createExec(containerId, {
      Cmd: command,
      Tty: tty,
      AttachStdin: streams.stdin !== undefined,
      AttachStdout: streams.stdout !== undefined,
      AttachStderr: streams.stderr !== undefined,
    });
    let started = false;
    let pendingSize: [number, number] | undefined;
    const resize = (columns: number, rows: number) => {
      pendingSize = [columns, rows];
      if (started) engine.resizeExec(id, columns, rows).catch(() => {});
    };
    streams.onResize?.(resize);
    const canceled = signal && rejectionOn(signal);
    const running = engine.startExec(id, attachStreams(streams), {
      ...(signal ? { signal } : {}),
      onStarted: () => {
        started = true;
        if (pendingSize) resize(...pendingSize);
      },
    });
    try {
      return await (canceled ? Promise.race([running, canceled.promise]) : running);
    } catch (error) {
      running.catch(() => {});
      await this.#killExec(id);
      throw error;
    } finally {
      canceled?.release();
    }
  }

  async attach(containerId: string, { tty, signal }: ExecOptions, streams: ExecStreams): Promise<void> {
    const { engine, containers } = this.#options;
    containers.runningOrThrow(containerId);
    if (tty)
      streams.onResize?.((columns, rows) =>
        engine.resizeContainer(containerId, columns, rows).catch(() => {}),
      );
    await engine.attachContainer(containerId, attachStreams(streams), {
      logs: false,
      stream: true,
      ...(signal ? { signal } : {}),
    });
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    const sandbox = sandboxOf(this.#options.store, sandboxId);
    if (sandbox.state !== "ready") {
      throw new GantryError("Conflict", `pod sandbox ${sandboxId} is not ready`, {
        code: "Cri.SandboxNotReady",
      });
    }
    const { net } = sandbox.namespaces;
    return net === undefined ? connectLocally(port) : openTcpInNamespace(net, port);
  }

  async #killExec(execId: string): Promise<void> {
    try {
      const { Running, Pid } = await this.#options.engine.inspectExec(execId);
      if (Running && Pid > 0) killProcess(Pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

function attachStreams(streams: ExecStreams): AttachStreams {
  const { stdin, stdout, stderr } = streams;
  return { ...(stdin ? { stdin } : {}), ...(stdout ? { stdout } : {}), ...(stderr ? { stderr } : {}) };
}

function connectLocally(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

function rejectionOn(signal: AbortSignal): { promise: Promise<never>; release: () => void } {
  let onAbort = () => {};
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(new GantryError("Canceled", "the command was canceled", { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  promise.catch(() => {});
  return { promise, release: () => signal.removeEventListener("abort", onAbort) };
}

/** Keeps the first bytes and lets the rest pass, so that a chatty command cannot fill the memory. */
class CappedBuffer extends Writable {
  readonly #chunks: Buffer[] = [];
  #left: number;

  constructor(limitBytes: number) {
    super();
    this.#left = limitBytes;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#left > 0) {
      const kept = chunk.subarray(0, this.#left);
      this.#left -= kept.length;
      this.#chunks.push(kept);
    }
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
