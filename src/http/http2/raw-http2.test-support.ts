import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import { portOf } from "../http.test-support.ts";
import type { HttpServer } from "../server.ts";

/** RFC 9113 §6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
/** RFC 9113 §7. */
export const ERROR_CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
] as const;

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export interface Frame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

/** Settings by their identifiers. */
export function settings(...pairs: [id: number, value: number][]): Buffer {
  return Buffer.concat(
    pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), u32(value)])),
  );
}

/** A header block of literals that are not put into the table (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** With a prefix of seven bits (RFC 7541 §5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

export const request = (path: string, method = "GET"): [string, string][] => [
  [":method", method],
  [":scheme", "https"],
  [":path", path],
  [":authority", "x"],
];

/** A connection on which a test says frame by frame what a client would. */
export class RawHttp2 {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #unread = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#read(bytes);
      this.#wake();
    });
    socket.on("close", () => this.#wake());
    socket.on("error", () => {});
  }

  static over(socket: Socket): RawHttp2 {
    return new RawHttp2(socket);
  }

  static async connect(server: HttpServer): Promise<RawHttp2> {
    const socket = connect({
      port: portOf(server),
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    });
    await once(socket, "secureConnect");
    return new RawHttp2(socket);
  }

  /** With the preface and settings of a client, and once those of the server are acknowledged. */
  static async open(server: HttpServer, ...own: [id: number, value: number][]): Promise<RawHttp2> {
    const one = (await RawHttp2.connect(server)).greet(...own);
    await one.until(({ type, flags }) => type === FRAME.settings && flags === 0);
    one.send(frame(FRAME.settings, ACK, 0));
    return one;
  }

  greet(...own: [id: number, value: number][]): this {
    return this.send(Buffer.from(PREFACE), frame(FRAME.settings, 0, 0, settings(...own)));
  }

  send(...frames: Buffer[]): this {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Opens a stream with a request; it goes on where it is not to end. */
  request(id: number, fields = request("/"), flags = END_STREAM): this {
    return this.send(frame(FRAME.headers, flags | END_HEADERS, id, headerBlock(fields)));
  }

  /** The first frame, of those that have come or will, for which it holds. */
  async until(holds: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(holds);
      if (found) return found;
      if (this.socket.destroyed) throw new Error(`closed before the frame came: ${this.ending()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  untilStreamEnds(id: number): Promise<Frame> {
    return this.until(
      (one) =>
        one.id === id && (one.type === FRAME.rstStream || (one.type <= 1 && (one.flags & END_STREAM) > 0)),
    );
  }

  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once("close", resolve));
    return this.ending();
  }

  /** The error of the last GOAWAY; empty where there was none. */
  ending(): string {
    const last = this.frames.findLast(({ type }) => type === FRAME.goaway);
    return last ? (ERROR_CODES[last.payload.readUInt32BE(4)] ?? "") : "";
  }

  resets(): { id: number; code: string | undefined }[] {
    return this.frames
      .filter(({ type }) => type === FRAME.rstStream)
      .map(({ id, payload }) => ({ id, code: ERROR_CODES[payload.readUInt32BE(0)] }));
  }

  /** The bytes of a stream's body so far. */
  bodyOf(id: number): Buffer {
    return Buffer.concat(
      this.frames.filter((one) => one.type === FRAME.data && one.id === id).map(({ payload }) => payload),
    );
  }

  close(): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      if (this.#unread.length < 9) return;
      const length = this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < 9 + length) return;
      const [type = 0, flags = 0] = this.#unread.subarray(3, 5);
      const id = this.#unread.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({ type, flags, id, payload: this.#unread.subarray(9, 9 + length) });
      this.#unread = this.#unread.subarray(9 + length);
    }
  }
}
