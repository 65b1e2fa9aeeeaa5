import { PassThrough, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { createLogger, invalidArgument, isGantryError } from "../base/index.ts";
import { useNobodys, useServers } from "./http.test-support.ts";
import { bodyStream, type HttpContext, type HttpServerOptions, sendText } from "./index.ts";

const { start: startWith, client } = useServers();
const start = (handler: HttpServerOptions["handler"], more: Partial<HttpServerOptions> = {}) =>
  startWith({ handler, ...more });

const POST = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK = `10000\r\n${"x".repeat(65536)}\r\n`;
const END = "0\r\n\r\n";

/** Fails when it has seen something, as an unpacker does that is sent no archive. */
const refusing = () =>
  new Transform({ transform: (_chunk, _encoding, done) => done(invalidArgument("this is no archive")) });

const answers = (read: (ctx: HttpContext) => Promise<unknown>) => async (ctx: HttpContext) => {
  try {
    await read(ctx);
    sendText(ctx.res, 200, "taken");
  } catch (error) {
    sendText(ctx.res, 400, isGantryError(error) ? error.code : "plain error");
  }
};

describe("a body that is not read to its end", () => {
  it.each<[string, (ctx: HttpContext) => Promise<unknown>]>([
    ["a pipeline over the request", ({ req }) => pipeline(req, refusing(), new PassThrough().resume())],
    [
      "an iteration over the request",
      async ({ req }) => {
        for await (const _ of req) throw invalidArgument("no");
      },
    ],
    [
      "a pipeline over the body",
      ({ req }) => pipeline(bodyStream(req), refusing(), new PassThrough().resume()),
    ],
    [
      "an iteration over the body",
      async ({ req }) => {
        for await (const _ of bodyStream(req)) throw invalidArgument("no");
      },
    ],
  ])("leaves the server up after %s", async (_name, read) => {
    const server = await start(answers(read));
    const one = await client(server);
    one.send(POST + CHUNK);
    await one.until(/ 400 /);
    for (let count = 0; count < 20; count++) one.send(CHUNK);
    one.close();
    const other = await client(server);
    other.send(POST + CHUNK);
    await other.until(/ 400 /);
  });

  it("is dropped, and the next request on the connection served", async () => {
    const server = await start(
      answers(({ req }) => pipeline(bodyStream(req), refusing(), new PassThrough().resume())),
    );
    const one = await client(server);
    one.send(POST + CHUNK);
    await one.until(/ 400 /);
    for (let count = 0; count < 20; count++) one.send(CHUNK);
    one.send(END).send(POST + END);
    await one.until(/ 200 /);
  });

  it("does not hide from an answer without end that its client has gone", async () => {
    const gone = Promise.withResolvers<void>();
    const server = await start(({ res, signal }) => {
      res.writeHead(200).flushHeaders();
      signal.addEventListener("abort", () => gone.resolve());
    });
    const one = await client(server);
    one.send(POST);
    for (let count = 0; count < 20; count++) one.send(CHUNK);
    await one.until(/ 200 /);
    one.close();
    await gone.promise;
  });

  it("fails its stream when it ends early, and does not look whole", async () => {
    const codes: string[] = [];
    const ended = Promise.withResolvers<void>();
    const server = await start(async ({ req }) => {
      await bodyStream(req)
        .toArray()
        .catch((error) => codes.push(error.code));
      ended.resolve();
    });
    const one = await client(server);
    one.send(POST + CHUNK);
    one.socket.end();
    await ended.promise;
    expect(codes).toEqual(["Http.BodyCut"]);
  });

  it("waits for a reader that is slower than its sender", async () => {
    let buffered = 0;
    const server = await start(async (ctx) => {
      let size = 0;
      const body = bodyStream(ctx.req);
      for await (const chunk of body) {
        size += (chunk as Buffer).length;
        buffered = Math.max(buffered, body.readableLength);
        await new Promise((resolve) => setImmediate(resolve));
      }
      sendText(ctx.res, 200, `taken ${size}`);
    });
    const one = await client(server);
    one.send(POST);
    for (let count = 0; count < 100; count++) one.send(CHUNK);
    await one.send(END).until(/taken 6553600/);
    expect(buffered).toBeLessThan(2 ** 20);
  });
});

describe("an error that a request's callback throws", () => {
  const nobodys = useNobodys();

  it.each<[string, (ctx: HttpContext) => void]>([
    ["a timer", () => setTimeout(() => fail(), 1)],
    ["a promise that nobody waits for", () => void Promise.resolve().then(fail)],
    ["a stream", ({ req }) => req.on("data", () => fail())],
    ["a stream without a listener for errors", () => void new PassThrough().destroy(new Error("a bug"))],
  ])("is the request's: %s", async (_name, act) => {
    const lines: string[] = [];
    const aborted = Promise.withResolvers<void>();
    const server = await start(
      async (ctx) => {
        if (ctx.path !== "/bug") return sendText(ctx.res, 200, "fine");
        ctx.signal.addEventListener("abort", () => aborted.resolve());
        act(ctx);
        // Waits for what the callback was to bring.
        await aborted.promise;
      },
      { logger: createLogger((line) => lines.push(line)) },
    );
    const one = await client(server);
    one.send(`POST /bug HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
    expect(await one.untilClosed()).toMatch(/^HTTP\/1.1 500 /);
    await aborted.promise;
    expect(lines.join("\n")).toMatch(/path=\/bug error=".*a bug/);
    const other = await client(server);
    await other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").until(/fine/);
  });

  it("cuts an answer that has begun, and an upgraded connection", async () => {
    const server = await start(
      async ({ res }) => {
        res.write("begun");
        setTimeout(() => fail(), 1);
        await new Promise((resolve) => res.on("close", resolve));
      },
      {
        upgrade: (_req, socket) => {
          socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
          setTimeout(() => fail(), 1);
        },
      },
    );
    const one = await client(server);
    one.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await one.untilClosed()).toMatch(/begun\r\n$/);
    const other = await client(server);
    other.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    expect(await other.untilClosed()).toMatch(/^HTTP\/1.1 101 /);
  });

  it("is nobody's once the request is over", async () => {
    const server = await start((ctx) => {
      setTimeout(() => fail(), 50);
      sendText(ctx.res, 200, "fine");
    });
    const one = await client(server);
    await one.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").until(/fine/);
    while (nobodys.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(nobodys.splice(0)).toMatchObject([{ message: "a bug" }]);
  });
});

function fail(): never {
  throw new Error("a bug");
}
