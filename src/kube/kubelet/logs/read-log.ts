import type { Clock } from "../../../base/index.ts";
import { type LogLine, LogReader, timestampMs } from "../../../cri/index.ts";
import type { PodLogOptions } from "../../client/node-access.ts";

/** A look at the file now and then, in case the kernel's notice of a change was lost. */
const LOOK_ANYWAY_MS = 5000;

export interface ReadLogOptions extends PodLogOptions {
  path: string;
  signal: AbortSignal;
  clock: Clock;
  /** Whether the container runs (then more may come). */
  isRunning: () => Promise<boolean>;
  /** Calls back when the container has ended; returns the way to stop listening. */
  onEnded: (listener: () => void) => () => void;
}

/**
 * The log as `kubectl logs` prints it, with what was moved aside by rotations. Following ends when the container has ended
 * and everything was handed out.
 */
export async function* readLog(options: ReadLogOptions): AsyncIterable<Uint8Array> {
  const reader = new LogReader(options.path, options.signal);
  const printer = new LinePrinter(options);
  const tail = options.tailLines === undefined || options.tailLines < 0 ? undefined : options.tailLines;
  try {
    yield* printer.print(reader.written({ tail }));
    if (options.follow && !printer.isFull) yield* printer.print(following(reader, options));
  } finally {
    await reader.close();
  }
}

async function* following(reader: LogReader, options: ReadLogOptions): AsyncIterable<LogLine[]> {
  const stopLooking = options.clock.every(LOOK_ANYWAY_MS, () => reader.wake(), { unref: true });
  const stopListening = options.onEnded(() => reader.wake());
  try {
    yield* reader.follow({ finished: async () => !(await options.isRunning()) });
  } finally {
    stopListening();
    stopLooking();
  }
}

/** Chooses, cuts and dresses lines. */
class LinePrinter {
  readonly #sinceMs: number;
  readonly #timestamps: boolean;
  #leftBytes: number;
  #atLineStart = true;

  constructor({ sinceSeconds, sinceTime, timestamps, limitBytes, clock }: ReadLogOptions) {
    this.#sinceMs =
      sinceSeconds !== undefined
        ? clock.nowMs() - sinceSeconds * 1000
        : sinceTime
          ? Date.parse(sinceTime)
          : 0;
    this.#timestamps = timestamps === true;
    this.#leftBytes = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#leftBytes <= 0;
  }

  async *print(batches: AsyncIterable<readonly LogLine[]>): AsyncIterable<Uint8Array> {
    for await (const lines of batches) {
      const pieces: Buffer[] = [];
      for (const line of lines) {
        if (this.#sinceMs > 0 && timestampMs(line.timestamp) < this.#sinceMs) continue;
        this.#dress(line, pieces);
        if (this.isFull) break;
      }
      if (pieces.length > 0) yield Buffer.concat(pieces);
      if (this.isFull) return;
    }
  }

  #dress({ timestamp, data, partial }: LogLine, pieces: Buffer[]): void {
    if (this.#timestamps && this.#atLineStart) this.#add(Buffer.from(`${timestamp} `), pieces);
    this.#add(data, pieces);
    this.#atLineStart = !partial;
  }

  #add(bytes: Buffer, pieces: Buffer[]): void {
    const cut = bytes.subarray(0, this.#leftBytes);
    this.#leftBytes -= cut.length;
    pieces.push(cut);
  }
}
