import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { Worker } from "node:worker_threads";
import { AsyncQueue, GantryError, systemClock } from "../../base/index.ts";
import {
  type LayerFacts,
  LayerMeter,
  packLayer,
  type UnpackLimits,
  unpackLayer,
} from "./layer-operations.ts";
import type { WorkerJob, WorkerMessage } from "./layer-worker-messages.ts";

/** Below this a thread costs more than it saves. */
const SMALL_BLOB_BYTES = 512 * 1024;
const SMALL_TREE_BYTES = 4 * 1024 * 1024;
/** How long the main thread may work on a tree before others get their turn. */
const SLICE_MS = 3;
const MAX_SLICES = 12;
const CREDIT_BYTES = 4 * 1024 * 1024;
const MAX_THREADS = 2;
/** A thread that has nothing to do any more and hangs nevertheless is ended. */
const EXIT_MS = 10_000;

let running = 0;
const waiting: (() => void)[] = [];

/** Unpacks a layer's blob into an empty directory; large ones in a thread. */
export async function unpackBlob(
  file: string,
  dir: string,
  limits: UnpackLimits,
  onProgress: (readBytes: number) => void,
): Promise<LayerFacts> {
  if (statSync(file).size <= SMALL_BLOB_BYTES)
    return unpackLayer(createReadStream(file), dir, limits, onProgress);
  return measuredBy({ type: "unpack", file, dir, limits }, onProgress);
}

/** The facts of a layer's directory: begun here in short slices, left to a thread once it proves large. */
export async function measureTree(dir: string): Promise<LayerFacts> {
  const meter = new LayerMeter();
  const pieces = packLayer(dir);
  let bytes = 0;
  try {
    for (let slice = 0; slice < MAX_SLICES; slice++) {
      const untilMs = systemClock.monotonicMs() + SLICE_MS;
      while (systemClock.monotonicMs() < untilMs) {
        const next = pieces.next();
        if (next.done) return meter.facts();
        meter.update(next.value);
        bytes += next.value.length;
      }
      if (bytes > SMALL_TREE_BYTES) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    pieces.return(undefined);
  }
  return measuredBy({ type: "measure", dir }, () => {});
}

/** The archive of a layer's directory as a stream, made in a thread where it is large. */
export function packTreeStream(dir: string, tarBytes: number): Readable {
  return Readable.from(tarBytes <= SMALL_TREE_BYTES ? packLayer(dir) : packedByThread(dir), {
    objectMode: false,
  });
}

async function measuredBy(job: WorkerJob, onProgress: (bytes: number) => void): Promise<LayerFacts> {
  for await (const message of runThread(job)) {
    if (message.type === "progress") onProgress(message.bytes);
    else if (message.type === "done") return message.facts!;
  }
  throw new GantryError("Internal", "the layer thread ended without a result");
}

async function* packedByThread(dir: string): AsyncGenerator<Uint8Array> {
  const credit = new SharedArrayBuffer(8);
  const left = new Int32Array(credit);
  Atomics.store(left, 0, CREDIT_BYTES);
  const stop = () => {
    Atomics.store(left, 1, 1);
    Atomics.notify(left, 0);
  };
  for await (const message of runThread({ type: "pack", dir, credit }, stop)) {
    if (message.type === "done") return;
    if (message.type !== "piece") continue;
    yield message.bytes;
    Atomics.add(left, 0, message.bytes.length);
    Atomics.notify(left, 0);
  }
}

async function* runThread(job: WorkerJob, stop = () => {}): AsyncGenerator<WorkerMessage> {
  await thread();
  // The bundle keeps every thread's entry point beside the program's chunks.
  const file = import.meta.url.endsWith(".ts") ? "./layer.worker.ts" : "./layer.worker.mjs";
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: job,
    // Descriptors are opened by system calls that the thread's own book-keeping does not see.
    trackUnmanagedFds: false,
  });
  const messages = new AsyncQueue<WorkerMessage>();
  worker.on("message", (message: WorkerMessage) => {
    if (message.type === "failed") messages.fail(asError(message));
    else messages.push(message);
    if (message.type === "done") messages.end();
  });
  worker.on("error", (error) =>
    messages.fail(new GantryError("Internal", `layer thread: ${error.message}`, { cause: error })),
  );
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      messages.end();
      resolve();
    });
  });
  try {
    yield* messages;
  } finally {
    stop();
    // Ended from outside it would leave its descriptors open, and with them files that are removed keep their space.
    const cancel = systemClock.after(EXIT_MS, () => void worker.terminate());
    await exited;
    cancel();
    release();
  }
}

function asError(message: WorkerMessage & { type: "failed" }): GantryError {
  const { kind, code, hint, stack } = message;
  return new GantryError(kind, message.message, {
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(kind === "Internal" ? { details: { stack } } : {}),
  });
}

/** Waits for one of the few threads that may run at once. */
async function thread(): Promise<void> {
  if (running >= MAX_THREADS) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
}

function release(): void {
  const next = waiting.shift();
  if (next) next();
  else running--;
}
