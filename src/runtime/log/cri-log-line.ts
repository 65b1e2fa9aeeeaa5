/** One line of a log in CRI's format: `2024-01-02T03:04:05.678901234+00:00 stdout F text`. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, in UTC with `Z`. */
  readonly timestamp: string;
  stream: "stdout" | "stderr";
  /** Only a part of the line that the container wrote: no newline belongs after it. */
  partial: boolean;
  /** What the container wrote, with the newline where there was one. */
  data: Buffer;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const PARTIAL = 0x50;
const STDOUT = Buffer.from("stdout");
const STDERR = Buffer.from("stderr");

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
      const line = parseLine(bytes, start, end);
      if (line) lines.push(line);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    return lines;
  }
}

/** `end`: where the line's newline is. */
function parseLine(bytes: Buffer, start: number, end: number): LogLine | undefined {
  const first = bytes.indexOf(SPACE, start);
  const second = first < 0 ? -1 : bytes.indexOf(SPACE, first + 1);
  const third = second < 0 ? -1 : bytes.indexOf(SPACE, second + 1);
  if (third < 0 || third > end) return undefined;
  const stream = streamNamed(bytes, first + 1, second);
  if (!stream) return undefined;
  const partial = bytes[second + 1] === PARTIAL;
  return new ParsedLine(
    bytes,
    start,
    first,
    stream,
    partial,
    bytes.subarray(third + 1, partial ? end : end + 1),
  );
}

function streamNamed(bytes: Buffer, start: number, end: number): LogLine["stream"] | undefined {
  if (end - start !== STDOUT.length) return undefined;
  if (bytes.compare(STDOUT, 0, STDOUT.length, start, end) === 0) return "stdout";
  return bytes.compare(STDERR, 0, STDERR.length, start, end) === 0 ? "stderr" : undefined;
}

/** Logs are long, and few who read them look at the times. */
class ParsedLine implements LogLine {
  readonly stream: LogLine["stream"];
  readonly partial: boolean;
  readonly data: Buffer;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #timestampEnd: number;

  constructor(
    bytes: Buffer,
    start: number,
    timestampEnd: number,
    stream: LogLine["stream"],
    partial: boolean,
    data: Buffer,
  ) {
    this.stream = stream;
    this.partial = partial;
    this.data = data;
    this.#bytes = bytes;
    this.#start = start;
    this.#timestampEnd = timestampEnd;
  }

  get timestamp(): string {
    return toUtc(this.#bytes.toString("latin1", this.#start, this.#timestampEnd));
  }
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
