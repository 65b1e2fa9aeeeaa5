import { Writable } from "node:stream";
import { errorMessage, newHexId } from "../../base/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { execProcess } from "../exec/exec-process.ts";
import { timestamp } from "../logs/timestamps.ts";
import type { HealthLogEntry } from "../types.ts";

const MAX_OUTPUT_BYTES = 4096;

/** Keeps the beginning of what is written. */
class Beginning extends Writable {
  #kept = Buffer.alloc(0);
  #cut = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const room = MAX_OUTPUT_BYTES - this.#kept.length;
    if (chunk.length > room) this.#cut = true;
    if (room > 0) this.#kept = Buffer.concat([this.#kept, chunk.subarray(0, room)]);
    done();
  }

  text(): string {
    return this.#kept.toString("utf8") + (this.#cut ? "..." : "");
  }
}

/** Runs a health check's command once. Never throws: what goes wrong is a failed check. */
export async function runProbe(
  context: EngineContext,
  container: Container,
  { command, timeoutMs }: { command: string[]; timeoutMs: number },
  signal: AbortSignal,
): Promise<HealthLogEntry> {
  const startedMs = context.clock.nowMs();
  const output = new Beginning();
  const finish = (exitCode: number, text: string): HealthLogEntry => ({
    Start: timestamp(startedMs),
    End: timestamp(context.clock.nowMs()),
    ExitCode: exitCode,
    Output: text,
  });
  try {
    const { config } = container.record;
    const execID = newHexId();
    const tell = (action: string, more = {}) =>
      emitContainerEvent(context, container, action, { execID, ...more });
    tell(`exec_create: ${command.join(" ")}`);
    tell(`exec_start: ${command.join(" ")}`);
    const exec = context.runtime.exec({
      containerId: container.id,
      execId: `health-${execID.slice(0, 16)}`,
      process: execProcess(context, container, {
        Cmd: command,
        User: config.User,
        WorkingDir: config.WorkingDir,
      }),
      stdout: output,
      stderr: output,
    });
    let timedOut = false;
    const kill = () => exec.kill("SIGKILL");
    const cancel = context.clock.after(timeoutMs, () => {
      timedOut = true;
      kill();
    });
    signal.addEventListener("abort", kill, { once: true });
    try {
      const { exitCode } = await exec.done;
      tell("exec_die", { exitCode: String(exitCode) });
      if (!timedOut) return finish(exitCode, output.text());
      const said = output.text();
      return finish(-1, `Health check exceeded timeout (${timeoutMs / 1000}s)${said ? `: ${said}` : ""}`);
    } finally {
      cancel();
      signal.removeEventListener("abort", kill);
    }
  } catch (error) {
    return finish(-1, errorMessage(error));
  }
}
