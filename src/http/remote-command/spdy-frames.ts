import { GantryError } from "../../base/index.ts";

// SPDY Protocol Draft 3.1, §2.2: framing.

export const ControlType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const FLAG_FIN = 1;
export const RST_PROTOCOL_ERROR = 1;
export const RST_INVALID_STREAM = 2;
export const RST_REFUSED_STREAM = 3;
export const RST_CANCEL = 5;

const HEADER_BYTES = 8;
const VERSION = 3;
const MAX_CONTROL_BYTES = 64 * 1024;

export type SpdyFrame =
  | { kind: "control"; type: number; flags: number; body: Buffer }
  /** Data comes in pieces as they arrive; `fin` is true with the last piece of a frame that ends its stream. */
  | { kind: "data"; streamId: number; chunk: Buffer; fin: boolean };

/** Cuts a byte stream into frames. */
export class SpdyFrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #data: { streamId: number; left: number; fin: boolean } | undefined;

  /** The frames and pieces of frames that are whole with these bytes. */
  *read(bytes: Buffer): Generator<SpdyFrame> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const frame = this.#data ? this.#nextPiece(this.#data) : this.#nextFrame();
      if (frame === "incomplete") return;
      if (frame !== "header") yield frame;
    }
  }

  #nextPiece(data: { streamId: number; left: number; fin: boolean }): SpdyFrame | "incomplete" {
    if (this.#rest.length === 0 && data.left > 0) return "incomplete";
    const chunk = this.#take(Math.min(data.left, this.#rest.length));
    data.left -= chunk.length;
    if (data.left === 0) this.#data = undefined;
    return { kind: "data", streamId: data.streamId, chunk, fin: data.left === 0 && data.fin };
  }

  #nextFrame(): SpdyFrame | "incomplete" | "header" {
    if (this.#rest.length < HEADER_BYTES) return "incomplete";
    const first = this.#rest.readUInt32BE(0);
    const flags = this.#rest[4]!;
    const length = this.#rest.readUIntBE(5, 3);
    if (first < 0x80000000) {
      this.#take(HEADER_BYTES);
      this.#data = { streamId: first, left: length, fin: (flags & FLAG_FIN) !== 0 };
      return "header";
    }
    const version = (first >>> 16) & 0x7fff;
    if (version !== VERSION || length > MAX_CONTROL_BYTES) {
      throw new GantryError("InvalidArgument", "malformed SPDY frame", {
        code: "Http.BadSpdy",
        details: { version, length },
      });
    }
    if (this.#rest.length < HEADER_BYTES + length) return "incomplete";
    this.#take(HEADER_BYTES);
    return { kind: "control", type: first & 0xffff, flags, body: this.#take(length) };
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

export function controlFrame(type: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(0x8000 | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header[4] = flags;
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

/** What goes before a data frame's bytes. */
export function dataFrameHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(streamId, 0);
  header[4] = fin ? FLAG_FIN : 0;
  header.writeUIntBE(length, 5, 3);
  return header;
}

export function rstStreamFrame(streamId: number, status: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32BE(streamId, 0);
  body.writeUInt32BE(status, 4);
  return controlFrame(ControlType.rstStream, body);
}

export function goAwayFrame(lastStreamId: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32BE(lastStreamId, 0);
  return controlFrame(ControlType.goAway, body);
}
