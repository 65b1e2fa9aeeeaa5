/** One line of a log in CRI's format: `2024-01-02T03:04:05.678901234+00:00 stdout F text`. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, in UTC with `Z`. */
  timestamp: string;
  stream: "stdout" | "stderr";
  /** Only a part of the line that the container wrote: no newline belongs after it. */
  partial: boolean;
  /** What the container wrote, with the newline where there was one. */
  data: Buffer;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Cuts a growing file into lines. What is not a line of the format is skipped. */
export class LogLineParser {
  #rest: Buffer = Buffer.alloc(0);

  /** Bytes of a line whose end has not come yet. */
  get pendingBytes(): number {
    return this.#rest.length;
  }

  push(chunk: Buffer): LogLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = parseLine(bytes.subarray(start, end + 1));
      if (line) lines.push(line);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    return lines;
  }
}

/** `bytes` ends in a newline. */
function parseLine(bytes: Buffer): LogLine | undefined {
  const first = bytes.indexOf(SPACE);
  const second = bytes.indexOf(SPACE, first + 1);
  const third = bytes.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = bytes.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const partial = bytes[second + 1] === 0x50;
  return {
    timestamp: toUtc(bytes.toString("latin1", 0, first)),
    stream,
    partial,
    data: bytes.subarray(third + 1, partial ? bytes.length - 1 : bytes.length),
  };
}

function toUtc(timestamp: string): string {
  if (timestamp.endsWith("Z")) return timestamp;
  if (timestamp.endsWith("+00:00")) return `${timestamp.slice(0, -6)}Z`;
  const match = /^(.*?)(\.\d+)?([+-]\d\d:\d\d)$/.exec(timestamp);
  if (!match) return timestamp;
  const seconds = new Date(`${match[1]}${match[3]}`).toISOString().slice(0, 19);
  return `${seconds}${match[2] ?? ""}Z`;
}

/** Milliseconds since the epoch, with a fraction. */
export function timestampMs(timestamp: string): number {
  const fraction = /\.(\d+)Z$/.exec(timestamp)?.[1] ?? "0";
  return Date.parse(`${timestamp.slice(0, 19)}Z`) + Number(`0.${fraction}`) * 1000;
}
