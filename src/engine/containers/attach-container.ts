import { once } from "node:events";
import type { Writable } from "node:stream";
import { conflict, isGantryError } from "../../base/index.ts";
import type { AttachedInput, LogLine } from "../../runtime/index.ts";
import { LogReader } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { isPaused } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { followLog } from "../logs/container-logs.ts";
import type { AttachOptions, AttachStreams } from "../types.ts";
import type { Container } from "./container.ts";
import { hasEnded } from "./ended-process.ts";

/**
 * Connects a client to a container's streams. A container that does not run yet is waited for: `docker run` attaches
 * before it starts. Ends with the run that it saw, once all of its output was handed over.
 */
export async function attachContainer(
  context: EngineContext,
  reference: string,
  streams: AttachStreams,
  options: AttachOptions,
): Promise<void> {
  const container = context.containers.get(reference);
  const { state } = container.record;
  if (state.Paused) throw isPaused(container.id, "attaching");
  if (state.Restarting) {
    throw conflict(
      `container ${container.id} is restarting, wait until the container is running before attaching`,
      {
        code: "Engine.Restarting",
      },
    );
  }
  const run = watchRun(container);
  const reader = new LogReader(container.record.logPath, options.signal);
  try {
    // The answer goes ahead of what was logged: clients miss what comes in one piece with it. Where nothing is replayed,
    // the end of the log is known before anybody may start the container.
    if (options.logs) options.onAttached?.();
    for await (const lines of reader.written(options.logs ? {} : { tail: 0 })) await deliver(lines, streams);
    if (!options.logs) options.onAttached?.();
    emitContainerEvent(context, container, "attach");
    if (!options.stream) return;
    const stopInput = feedInput(context, container, streams, run);
    try {
      for await (const lines of followLog(container, reader, () => run.ended)) {
        if (!(await deliver(lines, streams))) return;
      }
    } finally {
      stopInput();
    }
  } finally {
    run.stop();
    await reader.close();
  }
}

interface RunWatch {
  /** The run that was attached to is over. */
  ended: boolean;
  /** Resolves once the process is there, or never. */
  running: Promise<void>;
  stop(): void;
}

function watchRun(container: Container): RunWatch {
  let stop: (() => void)[] = [];
  const watch: RunWatch = {
    ended: false,
    running: new Promise((resolve) => {
      if (container.hasProcess) resolve();
      else stop.push(container.onStarted(resolve));
    }),
    stop() {
      for (const undo of stop) undo();
      stop = [];
    },
  };
  const end = () => {
    watch.ended = true;
  };
  stop.push(container.onExit(end), container.onRemoved(end));
  return watch;
}

/** Hands lines over at the client's pace. False when nobody listens any more. */
async function deliver(lines: readonly LogLine[], streams: AttachStreams): Promise<boolean> {
  const wanted = [streams.stdout, streams.stderr].filter((stream) => stream !== undefined);
  const blocks = new Map<Writable, Buffer[]>();
  for (const line of lines) {
    const target = streams[line.stream];
    if (!target || !isOpen(target)) continue;
    // Kept in order between the two: a change of stream hands over what came before.
    for (const [other, parts] of blocks) if (other !== target) await flush(other, parts);
    const parts = blocks.get(target) ?? [];
    parts.push(line.data);
    blocks.set(target, parts);
  }
  for (const [target, parts] of blocks) await flush(target, parts);
  return wanted.length === 0 || wanted.some(isOpen);
}

const isOpen = (stream: Writable) => !stream.destroyed && !stream.writableEnded;

async function flush(target: Writable, parts: Buffer[]): Promise<void> {
  if (parts.length === 0) return;
  const data = Buffer.concat(parts.splice(0));
  if (!isOpen(target) || target.write(data)) return;
  const closed = new AbortController();
  try {
    await Promise.race([
      once(target, "drain", { signal: closed.signal }),
      once(target, "close", { signal: closed.signal }),
    ]).catch(() => {});
  } finally {
    closed.abort();
  }
}

/** Passes the client's input on; its end ends the container's input unless that shall stay open. */
function feedInput(
  context: EngineContext,
  container: Container,
  streams: AttachStreams,
  run: RunWatch,
): () => void {
  const { stdin } = streams;
  const { OpenStdin, StdinOnce, Tty } = container.record.config;
  if (!stdin || !OpenStdin) {
    stdin?.resume();
    return () => {};
  }
  let input: AttachedInput | undefined;
  let stopped = false;
  const pump = async () => {
    await run.running;
    if (stopped) return;
    input = await context.runtime.attachInput(container.id);
    for await (const chunk of stdin) await input.write(chunk as Buffer);
    // The end of a terminal's client is no end of input for the program in it.
    if (StdinOnce && !Tty) input.close();
  };
  pump().catch((error: unknown) => {
    if (stopped || run.ended || isGantryError(error, "Gone") || hasEnded(error)) return;
    context.logger.debug("input of a container ended", { container: container.id, error });
    if (StdinOnce && !Tty) input?.close();
  });
  return () => {
    stopped = true;
    input?.close();
  };
}
