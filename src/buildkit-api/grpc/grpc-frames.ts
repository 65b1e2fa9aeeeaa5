import { GrpcCode, GrpcError } from "./grpc-status.ts";

/** Before each message: whether it is compressed, and its length (PROTOCOL-HTTP2, "Length-Prefixed-Message"). */
const HEAD_BYTES = 5;

export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + message.byteLength);
  frame[0] = 0;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, HEAD_BYTES);
  return frame;
}

/** Cuts a stream of bytes into messages. What it gives may share memory with what it got. */
export class FrameReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the stream may end here. */
  get isBetweenMessages(): boolean {
    return this.#sizeBytes === 0;
  }

  add(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** The next message that is there whole. Throws GrpcError for one that is too large or compressed. */
  next(): Buffer | undefined {
    if (this.#sizeBytes < HEAD_BYTES) return undefined;
    const head = this.#peek(HEAD_BYTES);
    const length = head.readUInt32BE(1);
    if (head[0] !== 0) throw new GrpcError(GrpcCode.UNIMPLEMENTED, "compressed messages are not supported");
    if (length > this.#maxBytes) {
      throw new GrpcError(
        GrpcCode.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${length} vs. ${this.#maxBytes})`,
      );
    }
    if (this.#sizeBytes < HEAD_BYTES + length) return undefined;
    return this.#take(HEAD_BYTES + length).subarray(HEAD_BYTES);
  }

  #peek(count: number): Buffer {
    const [first] = this.#parts as [Buffer];
    if (first.length >= count) return first;
    this.#parts = [Buffer.concat(this.#parts, this.#sizeBytes)];
    return this.#parts[0]!;
  }

  #take(count: number): Buffer {
    const [first] = this.#parts as [Buffer];
    const whole = first.length >= count ? first : Buffer.concat(this.#parts, this.#sizeBytes);
    const rest = whole.length > count ? [whole.subarray(count)] : [];
    this.#parts = first.length >= count ? [...rest, ...this.#parts.slice(1)] : rest;
    this.#sizeBytes -= count;
    return whole.subarray(0, count);
  }
}
