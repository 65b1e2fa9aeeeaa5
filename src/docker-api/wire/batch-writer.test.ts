import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { BatchWriter } from "./batch-writer.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A client that takes what it is sent when `take` is called. */
class SlowClient extends Writable {
  taken = 0;
  #take = () => {};

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take = () => {
      this.taken += chunk.length;
      done();
    };
  }

  take(): void {
    const take = this.#take;
    this.#take = () => {};
    take();
  }
}

describe("many small pieces", () => {
  it("wait for a client that does not take them, however they are spread over time", async () => {
    const client = new SlowClient({ highWaterMark: 16 * 1024 });
    const out = new BatchWriter(client as unknown as ServerResponse);
    const piece = Buffer.alloc(1000);
    let written = 0;
    const writing = (async () => {
      for (; written < 5000; written++) {
        if (written % 20 === 0) await turn();
        await out.write(piece);
      }
      await out.flush();
    })();
    for (let turns = 0; turns < 1000; turns++) await turn();
    expect(client.writableLength).toBeLessThan(256 * 1024);
    expect(written).toBeLessThan(256);
    while (client.taken < 5_000_000) {
      client.take();
      await turn();
    }
    await writing;
    expect(client.taken).toBe(5_000_000);
  });

  it("of one turn go out together", async () => {
    const client = new SlowClient();
    const out = new BatchWriter(client as unknown as ServerResponse);
    for (const text of ["a", "b", "c"]) await out.write(Buffer.from(text));
    await turn();
    client.take();
    expect(client.taken).toBe(3);
  });
});
