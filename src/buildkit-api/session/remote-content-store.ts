import { GantryError } from "../../base/index.ts";
import type { ClientContentStore } from "../../build/index.ts";
import { type GrpcClient, GrpcCode, GrpcError, type GrpcMetadata } from "../grpc/index.ts";
import { CONTENT_INFO, CONTENT_READ, CONTENT_WRITE, WriteAction } from "../messages/session-messages.ts";
import { fromClient } from "./client-errors.ts";

/** Go's servers take messages of 4 MiB at most. */
const CHUNK_BYTES = 1024 * 1024;

/** A store of blobs at the client, as containerd's content service (moby/buildkit, session/content). */
export class RemoteContentStore implements ClientContentStore {
  readonly #client: GrpcClient;
  readonly #metadata: GrpcMetadata;
  readonly #isServed: boolean;

  constructor(client: GrpcClient, id: string, isServed: boolean) {
    this.#client = client;
    this.#metadata = { "buildkit-attachable-store-id": [id] };
    this.#isServed = isServed;
  }

  async sizeOf(digest: string, signal: AbortSignal): Promise<number> {
    this.#assertServed();
    const options = { metadata: this.#metadata, signal };
    const { info } = await fromClient(() => this.#client.unary(CONTENT_INFO, { digest }, options));
    return info?.size ?? 0;
  }

  async *read(digest: string, startBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#assertServed();
    const call = this.#client.call(CONTENT_READ, { metadata: this.#metadata, signal });
    call.send({ digest, offset: startBytes }).catch(() => {});
    call.end();
    const messages = call.messages();
    try {
      for (;;) {
        const { done, value } = await fromClient(() => messages.next());
        if (done) return;
        yield value.data;
      }
    } finally {
      call.cancel();
    }
  }

  /** One call: where the client stands, the bytes that it lacks, and that they are all. */
  async write(
    { digest, size }: { digest: string; size: number },
    content: AsyncIterable<Uint8Array> | Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    this.#assertServed();
    const call = this.#client.call(CONTENT_WRITE, { metadata: this.#metadata, signal });
    const answers = call.messages();
    try {
      const facts = { ref: `gantry-cache-${digest}`, total: size, expected: digest };
      await call.send({ action: WriteAction.STAT, ...facts });
      const begun = await answers.next();
      let at = begun.value?.offset ?? 0;
      let skip = at;
      for await (const part of content instanceof Uint8Array ? [content] : content) {
        for (let start = 0; start < part.length; start += CHUNK_BYTES) {
          const piece = part.subarray(start, start + CHUNK_BYTES);
          const data = piece.subarray(Math.min(skip, piece.length));
          skip -= piece.length - data.length;
          if (data.length === 0) continue;
          await call.send({ action: WriteAction.WRITE, offset: at, data });
          await answers.next();
          at += data.length;
        }
      }
      await call.send({ action: WriteAction.COMMIT, total: size, offset: at, expected: digest });
      await answers.next();
      call.end();
    } catch (error) {
      if (error instanceof GrpcError && error.code === GrpcCode.ALREADY_EXISTS) return;
      await fromClient(() => Promise.reject(error));
    } finally {
      call.cancel();
    }
  }

  #assertServed(): void {
    if (this.#isServed) return;
    throw new GantryError("Unavailable", `method ${CONTENT_INFO.path} not supported by the client`);
  }
}
