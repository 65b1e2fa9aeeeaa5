import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { ContainerInspect, LogEntry } from "../../engine/types.ts";
import type { ApiContext } from "../api-context.ts";
import type { ContainersBackend } from "./backend.ts";
import { serveLogs } from "./logs.ts";

/** A client that takes what it is sent when `take` is called. */
class Client extends Writable {
  readonly received: Buffer[] = [];
  bytes = 0;
  #take = () => {};

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take = () => {
      this.received.push(chunk);
      this.bytes += chunk.length;
      done();
    };
  }

  take(): void {
    const take = this.#take;
    this.#take = () => {};
    take();
  }

  writeHead(): this {
    return this;
  }

  flushHeaders(): void {}
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const entry = (stream: LogEntry["stream"], text: string): LogEntry => ({
  stream,
  timestamp: "2026-01-02T03:04:05.678901234Z",
  data: Buffer.from(text),
});

function serve(
  query: string,
  logs: () => AsyncIterable<LogEntry[]>,
): { client: Client; served: Promise<void> } {
  const client = new Client({ highWaterMark: 16 * 1024 });
  const backend = {
    inspectContainer: async () => ({ Id: "c", HostConfig: {}, Config: { Tty: false } }) as ContainerInspect,
    containerLogs: logs,
  } as unknown as ContainersBackend;
  const context = {
    query: new URLSearchParams(`stdout=1&stderr=1&${query}`),
    res: client as unknown as ServerResponse,
    params: { id: "c" },
    signal: new AbortController().signal,
  } as unknown as ApiContext;
  return { client, served: serveLogs(backend, context) };
}

describe("logs over the API", () => {
  it("are frames, with times in front of lines but not inside of them", async () => {
    const { client, served } = serve("timestamps=1", async function* () {
      yield [entry("stdout", "a\n"), entry("stderr", "long "), entry("stderr", "line\n")];
    });
    while (client.received.length === 0) {
      await turn();
      client.take();
    }
    await served;
    const frame = (stream: number, text: string) => {
      const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, text.length]);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const time = "2026-01-02T03:04:05.678901234Z";
    expect(Buffer.concat(client.received)).toEqual(
      Buffer.concat([frame(1, `${time} a\n`), frame(2, `${time} long `), frame(2, "line\n")]),
    );
  });

  it("wait for a client that does not take them, however they are spread over time", async () => {
    let read = 0;
    const { client, served } = serve("follow=1", async function* () {
      for (; read < 5000; read++) {
        await turn();
        yield [entry("stdout", "x".repeat(992))];
      }
    });
    for (let turns = 0; turns < 1000; turns++) await turn();
    expect(read).toBeLessThan(100);
    expect(client.writableLength).toBeLessThan(64 * 1024);
    while (client.bytes < 5_000_000) {
      client.take();
      await turn();
    }
    await served;
  });
});
