import { AsyncQueue } from "../../base/index.ts";
import type { FileEntry, FileSync } from "../../build/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { type ClientCall, GrpcCode, GrpcError } from "../grpc/index.ts";
import { type Packet, PacketType } from "../messages/session-messages.ts";
import { EntryOrder, entryOf } from "./file-entries.ts";
import { isRegular } from "./file-mode.ts";

type WirePacket = protobuf.Message<typeof Packet>;

const MAX_ENTRIES = 10_000_000;
/** What may wait of one file: then nothing more is read of any, until its reader goes on. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

interface OpenFile {
  queue: AsyncQueue<Uint8Array>;
  waitingBytes: number;
}

/** The receiving side of fsutil's protocol (tonistiigi/fsutil, receive.go): entries come by themselves, contents when they are asked for. */
export class RemoteFileSync implements FileSync {
  readonly #call: ClientCall<typeof Packet, typeof Packet>;
  readonly #entries = new AsyncQueue<FileEntry>();
  /** Numbers of regular files that may be asked for; each once, as the protocol has it. */
  readonly #numbers = new Map<string, number>();
  readonly #open = new Map<number, OpenFile>();
  readonly #order = new EntryOrder();
  readonly #finished: Promise<void>;
  #count = 0;
  #error: unknown;
  #isOver = false;
  #resume: (() => void) | undefined;
  readonly #first: Promise<void>;
  #sawFirst: () => void = () => {};

  constructor(call: ClientCall<typeof Packet, typeof Packet>) {
    this.#call = call;
    this.#first = new Promise((resolve) => {
      this.#sawFirst = resolve;
    });
    this.#finished = this.#receive();
  }

  /** Resolves when the client has begun to send; throws where it refuses. */
  async begun(): Promise<void> {
    await this.#first;
    if (this.#error !== undefined) throw this.#error;
  }

  entries(): AsyncIterable<FileEntry> {
    return this.#entries;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    if (this.#error !== undefined) throw this.#error;
    const number = this.#numbers.get(path);
    if (number === undefined) throw new GrpcError(GrpcCode.INTERNAL, `invalid file request ${path}`);
    this.#numbers.delete(path);
    const file: OpenFile = { queue: new AsyncQueue(), waitingBytes: 0 };
    this.#open.set(number, file);
    try {
      await this.#call.send({ type: PacketType.REQ, id: number });
      for await (const chunk of file.queue) {
        yield chunk;
        file.waitingBytes -= chunk.length;
        if (file.waitingBytes < MAX_WAITING_BYTES) this.#resume?.();
      }
    } finally {
      // What still comes of it is passed over.
      file.waitingBytes = Number.NEGATIVE_INFINITY;
      this.#resume?.();
    }
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      if (this.#error === undefined) {
        await this.#call.send({ type: PacketType.FIN });
        await this.#finished;
      }
    } catch {
      // Everything wanted has been read.
    } finally {
      this.#call.cancel();
    }
  }

  async #receive(): Promise<void> {
    try {
      for await (const packet of this.#call.messages()) {
        this.#sawFirst();
        if (packet.type === PacketType.FIN) break;
        await this.#take(packet);
      }
      if (!this.#isOver) throw new GrpcError(GrpcCode.UNAVAILABLE, "unexpected EOF");
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#sawFirst();
      this.#entries.end();
    }
  }

  async #take(packet: WirePacket): Promise<void> {
    if (packet.type === PacketType.ERR)
      throw new GrpcError(GrpcCode.UNKNOWN, `error from sender: ${Buffer.from(packet.data).toString()}`);
    if (packet.type === PacketType.STAT) this.#takeStat(packet);
    else if (packet.type === PacketType.DATA) await this.#takeData(packet);
  }

  #takeStat({ stat }: WirePacket): void {
    if (!stat) {
      this.#entries.end();
      return;
    }
    const number = this.#count++;
    if (number >= MAX_ENTRIES) throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, "too many files");
    const entry = entryOf(stat);
    this.#order.check(entry);
    if (isRegular(entry.mode) && entry.linkName === "") this.#numbers.set(entry.path, number);
    this.#entries.push(entry);
  }

  async #takeData({ id, data }: WirePacket): Promise<void> {
    const file = this.#open.get(id);
    if (!file) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `invalid file request ${id}`);
    if (data.length === 0) {
      file.queue.end();
      this.#open.delete(id);
      return;
    }
    file.queue.push(data);
    file.waitingBytes += data.length;
    while (file.waitingBytes >= MAX_WAITING_BYTES) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      this.#resume = undefined;
    }
  }

  #fail(error: unknown): void {
    this.#error = error;
    this.#entries.fail(error);
    for (const { queue } of this.#open.values()) queue.fail(error);
    this.#call.cancel();
  }
}
