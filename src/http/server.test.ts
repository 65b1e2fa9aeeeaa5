import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import { useServers } from "./http.test-support.ts";
import {
  type HttpContext,
  type HttpServerOptions,
  readBody,
  readJson,
  refuse,
  sendJson,
  sendStream,
  sendText,
} from "./index.ts";

const { start: startWith, client, closeLater } = useServers();
const start = (options: Partial<HttpServerOptions> = {}) => startWith({ handler: echo, ...options });

/** Answers with what the server understood. */
async function echo(ctx: HttpContext): Promise<void> {
  const body = await readBody(ctx.req, 1000);
  sendJson(ctx.res, 200, {
    method: ctx.method,
    path: ctx.path,
    q: ctx.query.get("q"),
    body: body.toString(),
  });
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const getAndClose = (path: string) => get(path, "Connection: close\r\n");

describe("HTTP server", () => {
  it("answers pipelined and chunked requests in order", async () => {
    const one = await client(await start());
    one.send(get("/a?q=1"));
    one.send(
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    const answer = await one.untilClosed();
    expect(answer.match(/\{.*\}/g)).toEqual([
      '{"method":"GET","path":"/a","q":"1","body":""}',
      '{"method":"POST","path":"/b","q":null,"body":"abc"}',
    ]);
  });

  it("has one reading of a path", async () => {
    const server = await start();
    for (const [sent, understood] of [
      ["//containers//x/json", "/containers/x/json"],
      ["/a%2Fb", "/a%2Fb"],
      ["/a%252e", "/a%252e"],
      ["/..a/b..", "/..a/b.."],
    ]) {
      const one = await client(server);
      expect(await one.send(getAndClose(sent!)).untilClosed()).toContain(`"path":"${understood}"`);
    }
  });

  it.each([
    ["dot segments", get("/a/../b")],
    ["encoded dot segments", get("/a/%2e%2E/b")],
    ["dot segments made of an encoded slash", get("/a/..%2fb")],
    ["a trailing dot segment", get("/a/.")],
    ["a backslash", get("/a\\b")],
    ["a NUL", get("/a%00")],
    ["bad percent-encoding", get("/a%zz")],
    ["an absolute target", get("http://other/a")],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"],
    ["two equal lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
    [
      "length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "a strange encoding",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ],
    ["two hosts", get("/", "Host: y\r\n")],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two authorizations", get("/", "Authorization: a\r\nAuthorization: b\r\n")],
    ["a header with a space before the colon", get("/", "X : y\r\n")],
    ["a folded header", get("/", "X: y\r\n z\r\n")],
    ["garbage", "\u0016\u0003\u0001garbage\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ])("refuses %s with 400 and closes", async (_, request) => {
    const seen: string[] = [];
    const server = await start({ handler: (ctx) => void seen.push(ctx.path) });
    const one = await client(server);
    one.send(request).send(get("/second"));
    expect(await one.untilClosed()).toMatch(/^HTTP\/1.1 400 /);
    expect(seen).toEqual([]);
  });

  it("answers 431 and 414 to what is too long, 408 to headers that do not end", async () => {
    const server = await start({
      limits: { maxHeaderBytes: 20_000, maxTargetBytes: 1000, maxHeaders: 50, headersTimeoutMs: 100 },
    });
    const headers = await client(server);
    expect(await headers.send(get("/", `X: ${"y".repeat(30_000)}\r\n`)).untilClosed()).toMatch(
      /^HTTP\/1.1 431 /,
    );
    const many = await client(server);
    expect(await many.send(get("/", "X: y\r\n".repeat(60))).untilClosed()).toMatch(/^HTTP\/1.1 431 /);
    const target = await client(server);
    expect(await target.send(get(`/${"y".repeat(2000)}`)).untilClosed()).toMatch(/^HTTP\/1.1 414 /);
    const slow = await client(server);
    expect(await slow.send("GET / HTTP/1.1\r\nHost").untilClosed()).toMatch(/^HTTP\/1.1 408 /);
  });

  it("answers 413 to a body that is too long, and the connection lives on", async () => {
    const server = await start();
    const one = await client(server);
    one
      .send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n${"a".repeat(5000)}`)
      .send(get("/next"));
    expect(await one.until(/"path":"\/next"/)).toMatch(/^HTTP\/1.1 413 /);
    const chunked = await client(server);
    chunked.send(
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${"1000\r\n".concat("a".repeat(4096), "\r\n")}`,
    );
    await chunked.until(/^HTTP\/1.1 413 /);
  });

  it("drops a client that sends a refused body without end", async () => {
    const server = await start({ limits: { bodyDrainTimeoutMs: 50 } });
    const one = await client(server);
    one.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n");
    const sending = systemClock.every(5, () => one.send("a".repeat(1000)));
    expect(await one.untilClosed()).toMatch(/^HTTP\/1.1 413 /);
    sending();
  });

  it("answers 408 to a body that does not come, and notices one that is cut", async () => {
    const failed: unknown[] = [];
    const server = await start({
      handler: async (ctx) => {
        await readBody(ctx.req, 1000, { timeoutMs: 30 }).catch((error) => {
          failed.push(error);
          throw error;
        });
      },
    });
    const slow = await client(server);
    await slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na").until(/^HTTP\/1.1 408 /);
    const cut = await client(server);
    cut.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na");
    await systemClock.sleep(10);
    cut.close();
    await expect.poll(() => failed).toMatchObject([{ code: "Http.BodyTimeout" }, { code: "Http.BodyCut" }]);
  });

  it("takes a body that is there when somebody asks for it, and holds it to the limit", async () => {
    const server = await start({
      handler: async (ctx) => {
        if (ctx.path === "/late") while (!ctx.req.complete) await systemClock.sleep(1);
        const pieces: number[] = [];
        const body = await readBody(ctx.req, 10, { onChunk: (bytes) => pieces.push(bytes) });
        sendJson(ctx.res, 200, { body: body.toString(), pieces });
      },
    });
    const post = (...chunks: string[]) =>
      `POST /late HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${[...chunks, ""]
        .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
        .join("")}`;
    const one = await client(server);
    await one.send(post("abc", "de")).until(/\{"body":"abcde","pieces":\[5\]\}/);
    await one.send(post()).until(/\{"body":"","pieces":\[\]\}/);
    await one.send(post("abcdef", "ghijk")).until(/HTTP\/1.1 413 /);
    await one.send(post("next")).until(/\{"body":"next","pieces":\[4\]\}/);
    const known = (body: string) =>
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    one.send(known("first") + known("second").slice(0, -1));
    await one.until(/"body":"first","pieces":\[5\]/);
    await one.send("d").until(/"body":"second"/);
  });

  it("reads JSON, and says what is wrong with what is none", async () => {
    const server = await start({
      handler: async ({ req, res }) => sendJson(res, 200, { got: await readJson(req, 100) }),
    });
    const one = await client(server);
    const post = (body: string) =>
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await one.send(post('{"a":1}')).until(/\{"got":\{"a":1\}\}/);
    await one.send(post("{")).until(/400 Bad Request[\s\S]*invalid JSON: /);
  });

  it("lets the API answer errors, and cuts an answer that fails in the middle", async () => {
    const server = await start({
      handler: async ({ res, path }) => {
        if (path === "/half") {
          res.write("half");
          await systemClock.sleep(5);
        }
        throw new Error("no");
      },
      onError: ({ res }, error) => sendText(res, 418, `mapped: ${(error as Error).message}`),
    });
    const whole = await client(server);
    await whole.send(get("/")).until(/418 [\s\S]*mapped: no/);
    const half = await client(server);
    expect(await half.send(get("/half")).untilClosed()).toMatch(/half\r\n$/);
  });

  it("aborts the signal when the client goes away, not when the answer has ended", async () => {
    const signals: AbortSignal[] = [];
    const server = await start({
      handler: ({ res, signal, path }) => {
        signals.push(signal);
        if (path === "/done") sendText(res, 200, "done");
      },
    });
    const done = await client(server);
    await done.send(getAndClose("/done")).untilClosed();
    const gone = await client(server);
    gone.send(get("/hangs"));
    await expect.poll(() => signals.length).toBe(2);
    gone.close();
    await once(signals[1]!, "abort");
    expect(signals[0]!.aborted).toBe(false);
  });

  it("waits for a slow reader instead of filling the memory, and stops when it goes", async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent++;
        yield Buffer.alloc(64 * 1024);
      }
    }
    let finished = false;
    const server = await start({
      handler: async ({ res }) => {
        await sendStream(res, endless());
        finished = true;
      },
    });
    const one = await client(server);
    one.socket.pause();
    one.send(get("/"));
    await systemClock.sleep(100);
    const before = sent;
    await systemClock.sleep(50);
    expect(sent).toBe(before);
    expect(sent).toBeLessThan(400);
    one.close();
    await expect.poll(() => finished).toBe(true);
  });

  it("says nothing into the middle of an answer when garbage follows", async () => {
    const server = await start({ handler: ({ res }) => void res.write("half of an answer") });
    const one = await client(server);
    await one.send(get("/")).until(/half/);
    expect(await one.send("garbage\r\n\r\n").untilClosed()).not.toContain("400");
  });

  it("ignores upgrades that it cannot serve, and hands over the others", async () => {
    const plain = await client(await start());
    await plain.send(get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n")).until(/200 OK/);
    const upgrading = await start({
      upgrade: (req, socket, head) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${req.url} ${head}`,
        );
        socket.pipe(socket);
      },
    });
    const h2c = await client(upgrading);
    await h2c.send(get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n")).until(/200 OK/);
    const tcp = await client(upgrading);
    await tcp.send(`${get("//a?b", "Connection: Upgrade\r\nUpgrade: tcp\r\n")}head`).until(/\/a\?b head/);
    await tcp.send("more").until(/more/);
  });

  it("closes after a refused upgrade: what follows is not looked at", async () => {
    const seen: string[] = [];
    const server = await start({
      handler: (ctx) => void seen.push(ctx.path),
      upgrade: async (req, socket) => {
        if (req.url === "/throws") throw new Error("no");
        refuse(socket, 403, "forbidden");
      },
    });
    for (const [path, status] of [
      ["/a", 403],
      ["/throws", 500],
      ["/a/../b", 400],
    ]) {
      const one = await client(server);
      one
        .send(get(path as string, "Connection: Upgrade\r\nUpgrade: tcp\r\n"))
        .send(get("/second"))
        .send(get("/third"));
      const answer = await one.untilClosed();
      expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
    }
    expect(seen).toEqual([]);
  });

  it("closes: idle connections at once, active ones after their answer, stuck ones by force", async () => {
    let answer = () => {};
    const server = await start({
      limits: { closeTimeoutMs: 100 },
      handler: ({ res, path, signal }) => {
        if (path === "/idle") sendText(res, 200, "ok");
        if (path === "/active") answer = () => sendText(res, 200, "answered");
        if (path === "/watch") signal.addEventListener("abort", () => res.end("bye"));
        if (path === "/watch") res.write("watching");
      },
    });
    const [idle, active, watch, stuck] = await Promise.all([1, 2, 3, 4].map(() => client(server)));
    await idle!.send(get("/idle")).until(/ok/);
    await watch!.send(get("/watch")).until(/watching/);
    active!.send(get("/active"));
    stuck!.send(get("/stuck"));
    await systemClock.sleep(20);
    const closing = server.close();
    await idle!.untilClosed();
    expect(await watch!.untilClosed()).toContain("bye");
    answer();
    expect(await active!.untilClosed()).toContain("answered");
    await closing;
    await stuck!.untilClosed();
  });
});

describe("listening", () => {
  it("serves a socket file with mode 0660, takes over a stale one, and removes its own", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gantry-http-"));
    closeLater({ close: () => rmSync(dir, { recursive: true }) });
    const socketPath = join(dir, "api.sock");
    const first = await start({ listen: { socketPath } });
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
    await expect(start({ listen: { socketPath } })).rejects.toMatchObject({
      kind: "Conflict",
      code: "Http.AddressInUse",
    });
    const one = await client(first);
    await one.send(get("/a")).until(/"path":"\/a"/);
    await first.close();
    expect(() => statSync(socketPath)).toThrow("ENOENT");

    const killed = createServer().listen(socketPath);
    await once(killed, "listening");
    // Closing the handle's descriptor without unlinking is what a killed process leaves.
    const { renameSync } = await import("node:fs");
    renameSync(socketPath, `${socketPath}.kept`);
    killed.close();
    renameSync(`${socketPath}.kept`, socketPath);
    const second = await start({ listen: { socketPath } });
    await (await client(second)).send(get("/b")).until(/"path":"\/b"/);
  });

  it("says why it cannot listen", async () => {
    const taken = await start();
    const { port } = taken.address() as { port: number };
    await expect(start({ listen: { host: "127.0.0.1", port } })).rejects.toMatchObject({
      kind: "Conflict",
      message: `cannot listen on 127.0.0.1:${port}: the address is already in use`,
    });
    await expect(start({ listen: { host: "192.0.2.1", port: 0 } })).rejects.toMatchObject({
      code: "Http.NoSuchAddress",
    });
    await expect(start({ listen: { socketPath: "/nonexistent/x.sock" } })).rejects.toMatchObject({
      code: "Http.NoSuchDirectory",
    });
    await expect(start({ listen: { socketPath: `/tmp/${"x".repeat(200)}` } })).rejects.toMatchObject({
      code: "Http.PathTooLong",
    });
    const dir = mkdtempSync(join(tmpdir(), "gantry-http-"));
    closeLater({ close: () => rmSync(dir, { recursive: true }) });
    writeFileSync(join(dir, "file"), "precious");
    await expect(start({ listen: { socketPath: join(dir, "file") } })).rejects.toMatchObject({
      kind: "Conflict",
    });
  });
});
