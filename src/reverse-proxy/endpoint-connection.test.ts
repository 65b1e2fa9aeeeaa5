import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunningProxy } from "./testing/running-proxy.ts";

let proxy: RunningProxy;
let behind: Server | undefined;
let connections: Socket[] = [];
beforeEach(() => {
  proxy = new RunningProxy();
  connections = [];
});
afterEach(async () => {
  await proxy.close();
  for (const socket of connections) socket.destroy();
  behind?.close();
});

/** A server of TCP: `answer` is told of each request's head. */
async function serve(answer: (socket: Socket, head: string, count: number) => void): Promise<void> {
  let count = 0;
  behind = createServer((socket) => {
    connections.push(socket);
    socket.on("data", (chunk) => answer(socket, chunk.toString("latin1"), count++));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => behind!.listen(0, "127.0.0.1", resolve));
  proxy.backend("web", [{ address: "127.0.0.1", port: (behind.address() as AddressInfo).port }]);
  await proxy.serve({});
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("an endpoint's answer", () => {
  it.each([
    ["of a length", `${OK}content-length: 5\r\n\r\nhello`],
    [
      "in chunks",
      `${OK}transfer-encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nx-trailer: 1\r\n\r\n`,
    ],
    [
      "after what is said before it",
      `HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}content-length: 5\r\n\r\nhello`,
    ],
  ])("%s is passed on however it comes, and the connection kept", async (_, text) => {
    await serve(async (socket, _head, count) => {
      socket.setNoDelay(true);
      if (count % 2 === 0) socket.write(text, "latin1");
      else
        for (const byte of text) {
          socket.write(byte, "latin1");
          await new Promise((resolve) => setImmediate(resolve));
        }
    });
    for (let round = 0; round < 4; round++) {
      const answer = await proxy.ask("/");
      expect([answer.status, answer.body]).toEqual([200, "hello"]);
    }
    expect(connections).toHaveLength(1);
  });

  it.each([
    ["by the connection's end", `${OK}\r\nhello`],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello"],
  ])("that ends %s is passed on", async (_, text) => {
    await serve((socket) => socket.end(text));
    const answer = await proxy.ask("/");
    expect([answer.status, answer.body]).toEqual([200, "hello"]);
  });

  it.each([
    ["is no HTTP", "hello\r\n\r\n"],
    ["has two lengths", `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    ["is framed in two ways", `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["is framed in a way unknown here", `${OK}transfer-encoding: gzip\r\n\r\nab`],
    ["has a head without end", `${OK}x: ${"x".repeat(100_000)}`],
    ["switches where nobody has asked", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"],
    ["has a line that is no header", `${OK}hello\r\ncontent-length: 0\r\n\r\n`],
  ])("that %s is a bad gateway", async (_, text) => {
    await serve((socket) => socket.write(text));
    expect((await proxy.ask("/", { method: "POST", body: "x" })).status).toBe(502);
  });

  it.each([
    ["is shorter than it says", `${OK}content-length: 9\r\n\r\nhello`],
    ["has a chunk that is none", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`],
    ["ends in the midst of its chunks", `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ])("that %s is cut, and not taken for whole", async (_, text) => {
    await serve((socket) => socket.end(text));
    await expect(proxy.ask("/")).rejects.toThrow();
  });

  it("with more behind it than was asked for is the last of its connection", async () => {
    await serve((socket) =>
      socket.write(`${OK}content-length: 2\r\n\r\nok${OK}content-length: 6\r\n\r\npoison`),
    );
    for (let round = 0; round < 3; round++) expect((await proxy.ask("/")).body).toBe("ok");
    expect(connections).toHaveLength(3);
  });

  it("that nobody has asked for is nobody's", async () => {
    await serve((socket) => socket.write(`${OK}content-length: 2\r\n\r\nok`));
    expect((await proxy.ask("/")).body).toBe("ok");
    connections[0]!.write(`${OK}content-length: 6\r\n\r\npoison`);
    await expect.poll(() => connections[0]!.destroyed).toBe(true);
    expect((await proxy.ask("/")).body).toBe("ok");
  });

  it("that says so ends the connection, in whatever letters", async () => {
    await serve((socket) =>
      socket.write(`${OK}content-length: 2\r\nConnection: Keep-Alive, Close\r\n\r\nok`),
    );
    for (let round = 0; round < 2; round++) expect((await proxy.ask("/")).body).toBe("ok");
    expect(connections).toHaveLength(2);
  });

  it("that comes before all of the request was sent is passed on, and the connection not used again", async () => {
    await serve((socket, head) => {
      if (head.startsWith("POST") || head.startsWith("GET")) socket.write(`${OK}content-length: 2\r\n\r\nok`);
    });
    const answer = await proxy.ask("/", { method: "POST", body: Buffer.alloc(8_000_000) }).catch(() => "cut");
    expect(answer).not.toBe("cut");
    expect((await proxy.ask("/")).body).toBe("ok");
    expect(connections).toHaveLength(2);
  });

  it("is taken no faster than its client takes it", async () => {
    let sent = 0;
    await serve((socket) => {
      socket.write(`${OK}content-length: 268435456\r\n\r\n`);
      const piece = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (sent < 256) {
          sent++;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("drain", more);
      more();
    });
    const { connect } = await import("node:net");
    const client = connect({ host: "127.0.0.1", port: proxy.port });
    client.pause();
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await expect.poll(() => sent).toBeGreaterThan(0);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(sent).toBeLessThan(128);
    client.destroy();
    await expect.poll(() => connections[0]!.destroyed).toBe(true);
  });
});
