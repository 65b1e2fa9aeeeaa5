import type { Readable } from "node:stream";

export interface OutputSink {
  stdout(bytes: Buffer): void;
  stderr(bytes: Buffer): void;
}

const HEADER_BYTES = 8;

/** Parts the output of a container without a terminal into its two streams (moby, pkg/stdcopy). Resolves when it has ended. */
export async function splitOutput(stream: Readable, sink: OutputSink): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + rest.readUInt32BE(at + 4);
      if (rest.length < end) break;
      const bytes = rest.subarray(at + HEADER_BYTES, end);
      if (rest[at] === 2) sink.stderr(bytes);
      else sink.stdout(bytes);
      at = end;
    }
    rest = rest.subarray(at);
  }
}

/** Calls back with each whole line, and with what is left at the end. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }

  end(): void {
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }
}

/** The lines of a container's output, both streams, as they come. */
export async function readLines(
  stream: Readable,
  isTerminal: boolean,
  onLine: (line: string, from: "stdout" | "stderr") => void,
): Promise<void> {
  const out = new LineReader((line) => onLine(line, "stdout"));
  const err = new LineReader((line) => onLine(line, "stderr"));
  if (isTerminal) for await (const chunk of stream as AsyncIterable<Buffer>) out.write(chunk);
  else
    await splitOutput(stream, { stdout: (bytes) => out.write(bytes), stderr: (bytes) => err.write(bytes) });
  out.end();
  err.end();
}
