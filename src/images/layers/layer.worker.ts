import { createReadStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { diskError, errorMessage, GantryError } from "../../base/index.ts";
import { LayerMeter, packLayer, unpackLayer } from "./layer-operations.ts";
import type { WorkerJob, WorkerMessage } from "./layer-worker-messages.ts";

// One job a thread: what takes long about a layer (hash, decompress, unpack) happens off the main thread.
const port = parentPort!;
const job = workerData as WorkerJob;
const send = (message: WorkerMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

async function run(): Promise<void> {
  if (job.type === "unpack") {
    let reported = 0;
    const onProgress = (readBytes: number) => {
      if (readBytes - reported < 512 * 1024) return;
      reported = readBytes;
      send({ type: "progress", bytes: readBytes });
    };
    const source = createReadStream(job.file, { highWaterMark: 256 * 1024 });
    send({ type: "done", facts: await unpackLayer(source, job.dir, job.limits, onProgress) });
    return;
  }
  const meter = new LayerMeter();
  for (const piece of batched(packLayer(job.dir))) {
    if (job.type === "measure") meter.update(piece);
    // Whoever leaves the loop lets the packer close what it has open.
    else if (!sendPiece(piece, job.credit)) return;
  }
  if (job.type === "measure") send({ type: "done", facts: meter.facts() });
  else send({ type: "done" });
}

/** Blocks while the reader is behind by more than its credit. False when it wants no more. */
function sendPiece(piece: Buffer, credit: SharedArrayBuffer): boolean {
  const left = new Int32Array(credit);
  while (Atomics.load(left, 0) <= 0 && Atomics.load(left, 1) === 0)
    Atomics.wait(left, 0, Atomics.load(left, 0), 1_000);
  if (Atomics.load(left, 1) !== 0) return false;
  Atomics.sub(left, 0, piece.length);
  const copy = new Uint8Array(piece);
  send({ type: "piece", bytes: copy }, [copy.buffer]);
  return true;
}

/** Headers are small: several pieces are sent as one. */
function* batched(pieces: Iterable<Buffer>): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < 256 * 1024) continue;
    yield Buffer.concat(waiting, size);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting, size);
}

run().catch((error) => {
  const known = diskError(error) ?? (error instanceof GantryError ? error : undefined);
  send({
    type: "failed",
    kind: known?.kind ?? "Internal",
    code: known?.code ?? "Layer.Failed",
    message: known?.message ?? errorMessage(error),
    hint: known?.hint,
    stack: (error as Error).stack,
  });
});
