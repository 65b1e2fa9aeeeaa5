/** How a message's body ends (RFC 9112 §6.3). */
export type BodyFraming =
  | { kind: "length"; bytes: number }
  | { kind: "chunked" }
  /** With the connection: an answer's only. */
  | { kind: "close" };

export const NO_BODY: BodyFraming = { kind: "length", bytes: 0 };

/** What frames a body in a way that can be read in two; the connection can say nothing more that counts. */
export class BadFraming extends Error {}

/** A chunk's size with its extensions, and a line of a trailer: what is longer is an attack. */
const MAX_LINE_BYTES = 4 * 1024;
const MAX_TRAILER_LINES = 100;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,12})[\t ]*(?:;[\t -~\x80-\xff]*)?$/;
const TRAILER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*$/;
const CR = 13;
const LF = 10;

/** Undefined: no reading of it is safe. */
export function framingOf(headers: {
  "content-length"?: string;
  "transfer-encoding"?: string;
}): BodyFraming | undefined {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  if (encoding !== undefined)
    return length === undefined && encoding.toLowerCase() === "chunked" ? { kind: "chunked" } : undefined;
  if (length === undefined) return NO_BODY;
  return /^\d{1,15}$/.test(length) ? { kind: "length", bytes: Number(length) } : undefined;
}

/** Takes a body out of what a connection brings. Trailers are read and dropped. */
export class BodyReader {
  readonly #kind: BodyFraming["kind"];
  /** Of the body, or of a chunk. */
  #left: number;
  #at: "size" | "data" | "after-data" | "trailer" = "size";
  #line: string | undefined;
  #trailers = 0;
  #isOver: boolean;

  constructor(framing: BodyFraming) {
    this.#kind = framing.kind;
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#isOver = framing.kind === "length" && framing.bytes === 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.#kind === "close";
  }

  /** Gives what is of the body to `take`; returns what follows it. Throws BadFraming. */
  read(bytes: Buffer, take: (piece: Buffer) => void): Buffer {
    if (this.#kind === "chunked") return this.#readChunks(bytes, take);
    if (this.#kind === "close") {
      take(bytes);
      return bytes.subarray(bytes.length);
    }
    if (bytes.length < this.#left) {
      this.#left -= bytes.length;
      take(bytes);
      return bytes.subarray(bytes.length);
    }
    const end = this.#left;
    this.#left = 0;
    this.#isOver = true;
    if (end === bytes.length) {
      take(bytes);
      return bytes.subarray(end);
    }
    if (end > 0) take(bytes.subarray(0, end));
    return bytes.subarray(end);
  }

  #readChunks(bytes: Buffer, take: (piece: Buffer) => void): Buffer {
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      if (this.#at === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#at = "after-data";
        continue;
      }
      const end = bytes.indexOf(LF, at);
      const stop = end < 0 ? bytes.length : end + 1;
      this.#line = (this.#line ?? "") + bytes.toString("latin1", at, stop);
      if (this.#line.length > MAX_LINE_BYTES) throw new BadFraming("a line between chunks is too long");
      at = stop;
      if (end >= 0) this.#takeLine(this.#line);
    }
    return bytes.subarray(at);
  }

  #takeLine(line: string): void {
    this.#line = undefined;
    if (line.charCodeAt(line.length - 2) !== CR)
      throw new BadFraming("a line ends without a carriage return");
    const text = line.slice(0, -2);
    switch (this.#at) {
      case "size": {
        const size = CHUNK_SIZE.exec(text)?.[1];
        if (size === undefined) throw new BadFraming("a chunk has no size");
        this.#left = Number.parseInt(size, 16);
        this.#at = this.#left === 0 ? "trailer" : "data";
        return;
      }
      case "after-data":
        if (text !== "") throw new BadFraming("a chunk is longer than its size");
        this.#at = "size";
        return;
      default:
        if (text === "") this.#isOver = true;
        else if (!TRAILER.test(text) || ++this.#trailers > MAX_TRAILER_LINES)
          throw new BadFraming("a trailer is none");
    }
  }
}
