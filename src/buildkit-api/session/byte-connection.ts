import { Duplex } from "node:stream";

/** A connection made of messages of bytes, whichever end of the call this is. */
export class ByteConnection extends Duplex {
  readonly #received: AsyncIterator<{ data: Uint8Array }>;
  readonly #send: (data: Uint8Array) => Promise<void>;
  readonly #end: () => void;
  readonly #cancel: () => void;

  constructor(
    received: AsyncIterator<{ data: Uint8Array }>,
    send: (data: Uint8Array) => Promise<void>,
    { end = () => {}, cancel = () => {} }: { end?: () => void; cancel?: () => void } = {},
  ) {
    super();
    this.#received = received;
    this.#send = send;
    this.#end = end;
    this.#cancel = cancel;
  }

  override _read(): void {
    this.#received.next().then(
      ({ done, value }) => this.push(done ? null : Buffer.from(value.data)),
      (error: Error) => this.destroy(error),
    );
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#send(chunk).then(() => callback(), callback);
  }

  override _final(callback: () => void): void {
    this.#end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#cancel();
    callback(error);
  }
}
