import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { request as http1 } from "node:https";
import { PassThrough } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { portOf, useNobodys, useServers } from "../http.test-support.ts";
import {
  bodyStream,
  type HttpContext,
  type HttpServer,
  readBody,
  sendBytes,
  sendEmpty,
  sendJson,
  sendText,
} from "../index.ts";
import { type Identity, issue } from "../tls.test-support.ts";

const { start: startWith, closeLater } = useServers();
let authority: Identity;
let pair: Identity;
let ada: Identity;
beforeAll(() => {
  authority = issue("/CN=authority");
  pair = issue("/CN=server", authority);
  ada = issue("/CN=ada/O=team", authority);
});

type Options = Partial<Parameters<typeof startWith>[0]>;
const start = (handler: (ctx: HttpContext) => Promise<void> | void, options: Options = {}) =>
  startWith({
    handler,
    tls: { ...pair, ca: authority.cert, requestCert: true },
    http2: { maxStreams: 100 },
    ...options,
  });

interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

function session(server: HttpServer): ClientHttp2Session {
  const one = connect(`https://127.0.0.1:${portOf(server)}`, { rejectUnauthorized: false, ...ada });
  one.on("error", () => {});
  closeLater({ close: () => one.destroy() });
  return one;
}

function over2(
  one: ClientHttp2Session,
  { method = "GET", path = "/", headers = {}, body }: Asked,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const stream = one.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    const chunks: Buffer[] = [];
    let answered: IncomingHttpHeaders & { ":status"?: number } = {};
    stream.on("response", (got) => {
      answered = got;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({
        status: answered[":status"] ?? 0,
        headers: answered,
        body: Buffer.concat(chunks).toString(),
      }),
    );
    if (body !== undefined) stream.end(body);
  });
}

function over1(
  server: HttpServer,
  { method = "GET", path = "/", headers = {}, body }: Asked,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = {
      port: portOf(server),
      host: "127.0.0.1",
      rejectUnauthorized: false,
      agent: false,
      ...ada,
    };
    const outgoing = http1({ ...options, method, path, headers } as object, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () =>
        resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** What both protocols must say alike. */
function told({ status, headers, body }: Answered): unknown {
  const ofProtocol = ["connection", "keep-alive", "transfer-encoding", "date", ":status"];
  const rest = Object.entries(headers).filter(([name]) => !ofProtocol.includes(name));
  return { status, headers: Object.fromEntries(rest), body, hasDate: typeof headers.date === "string" };
}

/** Answers with what it has understood, or as the path says. */
async function mirror(ctx: HttpContext): Promise<void> {
  const { req, res, path } = ctx;
  if (path === "/empty") return sendEmpty(res, 204);
  if (path === "/moved") return sendEmpty(res, 301, { location: "/x" });
  if (path === "/connection")
    return sendText(res, 200, "x", { connection: "close", "keep-alive": "timeout=1" });
  if (path === "/implicit") {
    res.statusCode = 202;
    res.setHeader("x-a", ["1", "2"]);
    res.write("a");
    res.write("b");
    res.end("c");
    return;
  }
  if (path === "/long") return sendBytes(res, 200, "text/plain", Buffer.alloc(1_000_000, "l"));
  if (path === "/headless") {
    res.writeHead(200);
    res.flushHeaders();
    res.end();
    return;
  }
  if (path === "/fail") throw new Error("a bug");
  const body = await readBody(req, 300_000);
  const { "x-a": xA, cookie, host: _host, authorization } = req.headers;
  const peer = ctx.peer;
  sendJson(res, 200, {
    method: ctx.method,
    path,
    q: ctx.query.get("q"),
    body: body.length > 100 ? body.length : body.toString(),
    headers: { xA, cookie, authorization, distinct: req.headersDistinct["x-a"] },
    hasHost: req.headers.host === req.headersDistinct.host?.join(),
    remote: req.socket.remoteAddress,
    peer: peer && { name: peer.commonName, groups: peer.organizations },
  });
}

describe("over HTTP/2", () => {
  it.each<[string, Asked]>([
    ["a GET", { path: "/a%2Fb//c?q=1&q=2" }],
    ["a POST", { method: "POST", body: "hello" }],
    ["an empty POST", { method: "POST", body: "" }],
    ["a body of several frames", { method: "PUT", body: Buffer.alloc(300_000) }],
    ["a body that is too long", { method: "PUT", body: Buffer.alloc(300_001) }],
    ["a DELETE with a body", { method: "DELETE", body: "{}", headers: { "content-length": "2" } }],
    ["headers that are there twice", { headers: { "x-a": ["1", "2"], cookie: ["a=1", "b=2"] } }],
    ["a HEAD", { method: "HEAD" }],
    ["a HEAD of much", { method: "HEAD", path: "/long" }],
    ["an answer without body", { path: "/empty" }],
    ["a redirect", { path: "/moved" }],
    ["headers of a connection, which there is none of", { path: "/connection" }],
    ["an answer without writeHead", { path: "/implicit" }],
    ["an answer of a megabyte", { path: "/long" }],
    ["an answer of a head", { path: "/headless" }],
    ["a handler that fails", { path: "/fail" }],
    ["dot segments", { path: "/a/%2e%2e/b" }],
    ["bad percent-encoding", { path: "/%zz" }],
    ["a long target", { path: `/${"a".repeat(40_000)}` }],
    [
      "many headers",
      { headers: Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`x-${at}`, "y"])) },
    ],
  ])("%s is as over HTTP/1.1", async (_name, asked) => {
    const server = await start(mirror, { limits: { maxTargetBytes: 30_000 } });
    const [one, two] = await Promise.all([over1(server, asked), over2(session(server), asked)]);
    expect(told(two)).toEqual(told(one));
    expect(two.status).toBeGreaterThan(0);
  });

  it.each<[string, Asked, object]>([
    [
      "a body of unknown length is chunked",
      { method: "DELETE", body: "x" },
      { "transfer-encoding": ["chunked"] },
    ],
    [
      "a body of known length is not",
      { method: "DELETE", body: "x", headers: { "content-length": "1" } },
      { "content-length": ["1"] },
    ],
    ["there is no body", { method: "DELETE" }, {}],
    ["cookies are one header", { headers: { cookie: ["a=1", "b=2"] } }, { cookie: ["a=1; b=2"] }],
  ])("whoever passes a request on is told that %s", async (_name, asked, expected) => {
    const server = await start(async ({ req, res }) => {
      const { host: _host, ...others } = req.headersDistinct;
      sendJson(res, 200, others);
    });
    expect(JSON.parse((await over2(session(server), asked)).body)).toEqual(expected);
  });

  it("streams of one connection are served side by side, a long answer beside short ones", async () => {
    const go = Promise.withResolvers<void>();
    const server = await start(async ({ res, path }) => {
      if (path === "/long") return sendBytes(res, 200, "x/y", Buffer.alloc(30_000_000));
      if (path === "/waits") await go.promise;
      sendText(res, 200, path);
    });
    const one = session(server);
    const waiting = over2(one, { path: "/waits" });
    const order: string[] = [];
    const long = over2(one, { path: "/long" }).then(() => order.push("long"));
    const short = Array.from({ length: 50 }, () =>
      over2(one, { path: "/short" }).then(() => order.push("short")),
    );
    await Promise.all([long, ...short]);
    expect(order.at(-1)).toBe("long");
    go.resolve();
    expect((await waiting).body).toBe("/waits");
  });

  it("a client that resets its stream has gone, for that request alone", async () => {
    const aborted = Promise.withResolvers<void>();
    const server = await start(({ res, path, signal }) => {
      if (path !== "/watch") return sendText(res, 200, "fine");
      res.writeHead(200).flushHeaders();
      signal.addEventListener("abort", () => aborted.resolve());
    });
    const one = session(server);
    const stream = one.request({ ":path": "/watch" });
    stream.on("response", () => stream.close(8));
    await aborted.promise;
    expect(await over2(one, {})).toMatchObject({ status: 200, body: "fine" });
  });

  it.each<[string, Asked]>([
    ["a GET", {}],
    ["a HEAD", { method: "HEAD" }],
    ["a POST", { method: "POST", body: "x" }],
    ["much", { path: "/long" }],
    ["pieces", { path: "/implicit" }],
    ["nothing", { path: "/empty" }],
  ])(
    "the answer to %s that has come whole is finished, and its signal is not aborted",
    async (_name, asked) => {
      const events: string[] = [];
      const over = Promise.withResolvers<void>();
      const server = await start(async (ctx) => {
        const { res, signal } = ctx;
        signal.addEventListener("abort", () => events.push("abort"));
        res.on("finish", () => events.push("finish"));
        res.on("close", () => over.resolve());
        await mirror(ctx);
      });
      await over2(session(server), asked);
      await over.promise;
      expect(events).toEqual(["finish"]);
    },
  );

  it("an answer that breaks is reset, so that nobody takes it for whole", async () => {
    const server = await start(async ({ res }) => {
      res.write("begun");
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error("a bug");
    });
    await expect(over2(session(server), {})).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
  });

  it("a body is not taken faster than it is read", async () => {
    let sent = 0;
    const read = Promise.withResolvers<void>();
    const server = await start(async (ctx) => {
      await read.promise;
      let size = 0;
      for await (const chunk of bodyStream(ctx.req)) size += (chunk as Buffer).length;
      sendText(ctx.res, 200, String(size));
    });
    const stream = session(server).request({ ":method": "POST" });
    stream.on("error", () => {});
    for (let at = 0; at < 64; at++) stream.write(Buffer.alloc(65_536), () => (sent += 65_536));
    stream.end();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(600_000);
    read.resolve();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe(String(64 * 65_536));
  });

  it("a slow reader holds up the writer, not the memory", async () => {
    let written = 0;
    const server = await start(async ({ res, signal }) => {
      while (!signal.aborted) {
        const goesOn = res.write(Buffer.alloc(32_768));
        written += 32_768;
        if (!goesOn) await new Promise((resolve) => res.once("drain", resolve).once("close", resolve));
      }
    });
    const stream = session(server).request({});
    stream.on("error", () => {});
    stream.pause();
    await new Promise((resolve) => stream.once("response", resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(1_000_000);
    stream.close();
  });

  it("100 Continue comes where it is expected", async () => {
    const server = await start(mirror);
    const stream = session(server).request(
      { ":method": "POST", expect: "100-continue" },
      { endStream: false },
    );
    await new Promise<void>((resolve) => stream.once("continue", resolve));
    stream.end("late");
    let text = "";
    for await (const chunk of stream) text += chunk;
    expect(JSON.parse(text)).toMatchObject({ body: "late" });
  });

  it("a closing server lets answers end, and tells clients to go", async () => {
    const begun = Promise.withResolvers<void>();
    const server = await start(async ({ res, signal }) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      sendText(res, 200, "the end");
    });
    const one = session(server);
    const gone = new Promise<number>((resolve) => one.on("goaway", resolve));
    const answer = over2(one, {});
    await begun.promise;
    const closing = server.close();
    expect((await answer).body).toBe("the end");
    expect(await gone).toBe(0);
    await closing;
  });

  it("a client that is told to connect anew has its requests served", async () => {
    const server = await start(({ res }) => sendText(res, 200, "served"), {
      http2: { maxStreams: 100, goawayChance: 1 },
    });
    const one = session(server);
    const gone = new Promise<number>((resolve) => one.on("goaway", resolve));
    expect(await over2(one, {})).toMatchObject({ body: "served" });
    expect(await gone).toBe(0);
    await new Promise((resolve) => one.on("close", resolve));
  });

  it("is spoken by who chose it, and by nobody where it is not offered", async () => {
    const versions: string[] = [];
    const handler = ({ req, res }: HttpContext) => {
      versions.push(req.httpVersion);
      sendText(res, 200, "x");
    };
    const server = await start(handler);
    await over1(server, {});
    await over2(session(server), {});
    expect(versions).toEqual(["1.1", "2.0"]);
    const plain = await startWith({ handler, tls: pair });
    await expect(over2(session(plain), {})).rejects.toThrow();
  });
});

describe("an error that a callback of a request over HTTP/2 throws", () => {
  useNobodys();
  const fail = () => {
    throw new Error("a bug");
  };

  it.each<[string, (ctx: HttpContext) => void]>([
    ["a timer", () => setTimeout(fail, 1)],
    ["a promise that nobody waits for", () => void Promise.resolve().then(fail)],
    ["the body", ({ req }) => req.on("data", fail)],
    ["the body's end", ({ req }) => req.on("end", fail).resume()],
    ["a stream without a listener for errors", () => void new PassThrough().destroy(new Error("a bug"))],
  ])("is the request's, and no other one's of the connection: %s", async (_name, act) => {
    const aborted = Promise.withResolvers<void>();
    const server = await start(async (ctx) => {
      if (ctx.path !== "/bug") return sendText(ctx.res, 200, await readBody(ctx.req, 10).then(String));
      ctx.signal.addEventListener("abort", () => aborted.resolve());
      act(ctx);
      // Waits for what the callback was to bring.
      await aborted.promise;
    });
    const one = session(server);
    const other = one.request({ ":method": "POST", ":path": "/fine" });
    const { status } = await over2(one, { method: "POST", path: "/bug", body: "abc" });
    expect(status).toBe(500);
    await aborted.promise;
    other.end("whole");
    let text = "";
    for await (const chunk of other) text += chunk;
    expect(text).toBe("whole");
  });

  it("cuts an answer that has begun", async () => {
    const server = await start(async ({ res }) => {
      res.write("begun");
      setTimeout(fail, 1);
      await new Promise((resolve) => res.on("close", resolve));
    });
    await expect(over2(session(server), {})).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
  });
});
