import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { silentLogger } from "../../base/index.ts";
import { refuse, sendOverWebSocket, startHttpServer } from "../index.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serve(chunks: () => AsyncIterable<Uint8Array>): Promise<string> {
  const server = await startHttpServer({
    listen: { host: "127.0.0.1", port: 0 },
    logger: silentLogger,
    handler: ({ res }) => void res.end(),
    upgrade: async (req, socket, head) => {
      try {
        await sendOverWebSocket({ req, socket, head, chunks: chunks(), stallMs: 10_000 });
      } catch (error) {
        refuse(socket, 403, (error as Error).message);
      }
    },
  });
  open.push(server);
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

async function* lines() {
  yield Buffer.from("one\n");
  yield Buffer.from([0xff, 0x0a]);
}

function read(url: string, protocols: string[]): Promise<{ messages: (Buffer | string)[]; code: number }> {
  const client = new WebSocket(url, protocols);
  const messages: (Buffer | string)[] = [];
  client.on("message", (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
  return new Promise((resolve, reject) => {
    client.on("error", reject);
    client.on("close", (code) => resolve({ messages, code }));
  });
}

describe("what is read over a WebSocket", () => {
  it.each([
    [["binary.k8s.io"], [Buffer.alloc(0), Buffer.from("one\n"), Buffer.from([0xff, 0x0a])]],
    [[], [Buffer.alloc(0), Buffer.from("one\n"), Buffer.from([0xff, 0x0a])]],
    [
      ["unknown", "base64.binary.k8s.io"],
      ["", "b25lCg==", "/wo="],
    ],
  ])("comes as messages of the protocol %j, after an empty one", async (protocols, messages) => {
    expect(await read(await serve(lines), protocols)).toEqual({ messages, code: 1000 });
  });

  it("is refused in protocols that nobody knows", async () => {
    await expect(read(await serve(lines), ["v4.channel.k8s.io"])).rejects.toThrow("403");
  });

  it("is read no longer when the client goes", async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.alloc(1024);
          await new Promise((next) => setImmediate(next));
        }
      } finally {
        resolve();
      }
    }
    const client = new WebSocket(await serve(endless), ["binary.k8s.io"]);
    client.on("error", () => {});
    client.on("message", () => client.terminate());
    await ended;
  });
});
