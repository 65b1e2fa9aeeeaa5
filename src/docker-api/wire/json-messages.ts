import { once } from "node:events";
import type { Writable } from "node:stream";
import type { ProgressEvent } from "../../images/types.ts";

/** A line of Docker's JSON message stream (pull, push, load, import, build). */
export type JsonMessage = Record<string, unknown>;

/** Encodes what an operation tells as Docker's lines do, with the bar that older clients show. */
export function progressMessage(event: ProgressEvent): JsonMessage {
  if (event.aux) return { progressDetail: {}, aux: event.aux };
  const message: JsonMessage = { status: event.status };
  if (event.current !== undefined) {
    message.progressDetail = { current: event.current, ...(event.total ? { total: event.total } : {}) };
    message.progress = progressBar(event.current, event.total ?? 0);
  } else if (event.id !== undefined && event.total === undefined) message.progressDetail = {};
  if (event.id !== undefined) message.id = event.id;
  return message;
}

export function errorMessageLine(message: string, code?: number): JsonMessage {
  return { errorDetail: { ...(code === undefined ? {} : { code }), message }, error: message };
}

function progressBar(current: number, total: number): string {
  if (total <= 0 || current > total) return humanSize(current).padStart(8);
  const filled = Math.floor((current / total) * 50);
  return `[${"=".repeat(filled)}>${" ".repeat(50 - filled)}]  ${humanSize(current).padStart(8)}/${humanSize(total)}`;
}

/** `12.3MB`: four significant digits, powers of 1000. */
export function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

/** Writes one line a message; nothing is written after the client went away. */
export class JsonMessageWriter {
  readonly #out: Writable;

  constructor(out: Writable) {
    this.#out = out;
  }

  write(message: JsonMessage): void {
    if (!this.#out.writable || this.#out.destroyed) return;
    this.#out.write(`${JSON.stringify(message)}\r\n`);
  }

  /** Resolves when the client has taken what was written. */
  async drained(): Promise<void> {
    if (!this.#out.writableNeedDrain || this.#out.destroyed) return;
    await Promise.race([once(this.#out, "drain"), once(this.#out, "close")]);
  }
}
