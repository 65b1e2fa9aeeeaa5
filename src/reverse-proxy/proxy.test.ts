import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort, RunningProxy, ruleOf } from "./testing/running-proxy.ts";

let proxy: RunningProxy;
beforeEach(() => {
  proxy = new RunningProxy();
});
afterEach(() => proxy.close());

/** Says what it was asked. */
async function echo(name = "one") {
  return proxy.server((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      res.setHeader("content-type", "application/json");
      const body = Buffer.concat(chunks).toString("latin1");
      res.end(JSON.stringify({ name, method: req.method, url: req.url, headers: req.headers, body }));
    });
  });
}

/** What a client that speaks for itself is answered; the connection ends with it. */
function raw(text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: proxy.port });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(text);
    setTimeout(() => socket.destroy(), 500).unref();
  });
}

describe("requests", () => {
  it("go to the backend with who asked for what, and answers come back", async () => {
    proxy.backend("web", [await echo()]);
    await proxy.serve({ path: "/a" });
    const answer = await proxy.ask("/a/b%20c?x=1&y", {
      method: "POST",
      body: "hello",
      headers: {
        host: "Shop.Example:8080",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        connection: "keep-alive, X-Secret",
        "x-secret": "of this connection",
        te: "trailers",
        "content-type": "text/plain",
      },
    });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
    const { url, headers, body, method } = JSON.parse(answer.body);
    expect([method, url, body]).toEqual(["POST", "/a/b%20c?x=1&y", "hello"]);
    expect(headers).toMatchObject({
      host: "Shop.Example:8080",
      "x-forwarded-for": "127.0.0.1",
      "x-original-forwarded-for": "203.0.113.9",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-host": "Shop.Example:8080",
      "x-forwarded-proto": "http",
      "x-forwarded-port": String(proxy.port),
      "x-request-id": expect.stringMatching(/^[0-9a-f]{32}$/),
      "content-type": "text/plain",
    });
    expect(headers["x-secret"]).toBeUndefined();
    expect(headers.te).toBeUndefined();
    expect((await proxy.ask("/else")).status).toBe(404);
  });

  it("are changed on their way, and so are answers", async () => {
    proxy.backend("web", [await echo()]);
    await proxy.serve({
      path: "/old",
      filters: [
        {
          type: "request-headers",
          set: [{ name: "X-A", value: "1" }],
          add: [{ name: "x-b", value: "2" }],
          remove: ["X-C"],
        },
        { type: "rewrite", host: "inner", path: { type: "prefix", value: "/new" } },
        { type: "response-headers", add: [{ name: "x-served", value: "yes" }], remove: ["content-type"] },
      ],
    });
    const answer = await proxy.ask("/old/path?q", { headers: { "x-b": "1", "x-c": "3" } });
    const { url, headers } = JSON.parse(answer.body);
    expect([url, headers["x-a"], headers["x-b"], headers["x-c"], headers.host]).toEqual([
      "/new/path?q",
      "1",
      "1, 2",
      undefined,
      "inner",
    ]);
    expect([answer.headers["x-served"], answer.headers["content-type"]]).toEqual(["yes", undefined]);
  });

  it("may be large, and so may answers, whatever way they are framed", async () => {
    const big = Buffer.alloc(3_000_000, "x");
    const server = await proxy.server((req, res) => {
      let bytes = 0;
      req.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      req.on("end", () => {
        res.setHeader("x-bytes", String(bytes));
        if (req.url === "/whole") res.setHeader("content-length", String(big.length));
        res.write(big);
        res.end();
      });
    });
    proxy.backend("web", [server]);
    await proxy.serve({});
    for (const path of ["/whole", "/chunked"]) {
      const answer = await proxy.ask(path, {
        method: "POST",
        body: big,
        headers: { "transfer-encoding": "chunked" },
      });
      expect([answer.status, answer.headers["x-bytes"], answer.body.length]).toEqual([
        200,
        "3000000",
        3_000_000,
      ]);
    }
    await proxy.serve({ maxBodyBytes: 1000 });
    const refused = (headers: Record<string, string>) =>
      proxy.ask("/x", { method: "POST", body: big, headers }).then(
        ({ status }) => status,
        () => "cut",
      );
    expect(await refused({ "content-length": String(big.length) })).toBe(413);
    expect([413, "cut"]).toContain(await refused({ "transfer-encoding": "chunked" }));
  });

  it("have their head, and no more, where that is asked for", async () => {
    proxy.backend("web", [
      await proxy.server((_, res) => {
        res.setHeader("content-length", "5");
        res.end();
      }),
    ]);
    await proxy.serve({});
    const answer = await proxy.ask("/", { method: "HEAD" });
    expect([answer.status, answer.headers["content-length"], answer.body]).toEqual([200, "5", ""]);
  });

  it("stream: each piece is there when it is sent", async () => {
    const step = Promise.withResolvers<void>();
    proxy.backend("web", [
      await proxy.server(async (_, res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write("data: 1\n\n");
        await step.promise;
        res.end("data: 2\n\n");
      }),
    ]);
    await proxy.serve({});
    const socket = connect({ host: "127.0.0.1", port: proxy.port });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await expect.poll(() => received).toContain("data: 1");
    step.resolve();
    await expect.poll(() => received).toContain("data: 2");
    socket.destroy();
  });

  it("stay one request behind, whatever their client calls a header of the connection", async () => {
    const lines: string[] = [];
    const behind = createTcpServer((socket) => {
      socket.on("data", (chunk) => {
        lines.push(chunk.toString("latin1"));
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
    proxy.backend("web", [{ address: "127.0.0.1", port: (behind.address() as AddressInfo).port }]);
    await proxy.serve({});
    const smuggled = "GET /admin HTTP/1.1\r\nhost: a\r\n\r\n";
    for (const method of ["GET", "DELETE", "POST"]) {
      lines.length = 0;
      const head = `${method} / HTTP/1.1\r\nhost: a\r\nconnection: content-length, host, close\r\ncontent-length: ${smuggled.length}\r\n\r\n`;
      expect(await raw(head + smuggled)).toMatch(/^HTTP\/1\.1 200/);
      const seen = lines.join("").toLowerCase();
      expect(seen).toContain("\r\nhost: a\r\n");
      expect(seen).toMatch(
        new RegExp(`\r\n(content-length: ${smuggled.length}|transfer-encoding: chunked)\r\n`),
      );
    }
    behind.close();
  });

  it("say nothing in this proxy's name", async () => {
    proxy.backend("web", [await echo()]);
    await proxy.serve({});
    const { body } = await proxy.ask("/", {
      headers: { x_forwarded_for: "6.6.6.6", "X_Real-IP": "6.6.6.6", my_own: "1" },
    });
    const { headers } = JSON.parse(body);
    expect([headers.x_forwarded_for, headers["x_real-ip"], headers.my_own]).toEqual([
      undefined,
      undefined,
      "1",
    ]);
  });

  it("that could be read in two ways are refused", async () => {
    let served = 0;
    proxy.backend("web", [
      await proxy.server((req, res) => {
        served++;
        req.resume();
        res.end("ok");
      }),
    ]);
    await proxy.serve({});
    const smuggled = "GET /admin HTTP/1.1\r\nhost: a\r\n\r\n";
    const cases = [
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd${smuggled}`,
      `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +4\r\n\r\nabcd${smuggled}`,
      `GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${smuggled}`,
      `GET / HTTP/1.1\r\n\r\n${smuggled}`,
      `GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: a/../b\r\nconnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost : a\r\n\r\n${smuggled}`,
      `GET /../secret HTTP/1.1\r\nhost: a\r\n\r\n${smuggled}`,
      `GET /x\0y HTTP/1.1\r\nhost: a\r\n\r\n${smuggled}`,
    ];
    for (const text of cases) {
      const answer = await raw(text);
      expect(answer.startsWith("HTTP/1.1 400"), JSON.stringify([text, answer])).toBe(true);
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    }
    expect(served).toBe(0);
    expect(await raw(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 414/);
    expect(await raw(`GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431/,
    );
  });
});

describe("backends", () => {
  it("are taken in turn, by weight, and none of them where nobody is there", async () => {
    const [one, two] = [await echo("one"), await echo("two")];
    proxy.backend("web", [one, two]);
    proxy.backend("canary", [await echo("canary")]);
    proxy.backend("empty", []);
    await proxy.serve(
      { path: "/even" },
      {
        path: "/split",
        backends: [
          { backend: "web", weight: 0 },
          { backend: "canary", weight: 3 },
        ],
      },
      { path: "/none", backends: [{ backend: "web", weight: 0 }] },
      { path: "/empty", backends: [{ backend: "empty", weight: 1 }] },
      { path: "/absent", backends: [{ backend: "absent", weight: 1 }] },
    );
    const names = async (path: string) =>
      Promise.all(Array.from({ length: 8 }, async () => JSON.parse((await proxy.ask(path)).body).name));
    const even = await names("/even");
    expect(even.filter((name) => name === "one")).toHaveLength(4);
    expect(new Set(await names("/split"))).toEqual(new Set(["canary"]));
    const statuses = await Promise.all(
      ["/none", "/empty", "/absent"].map(async (path) => (await proxy.ask(path)).status),
    );
    expect(statuses).toEqual([500, 503, 503]);
  });

  it("that refuse connections are passed over, also for what cannot be asked twice", async () => {
    const dead = { address: "127.0.0.1", port: await freePort() };
    proxy.backend("web", [dead, await echo()]);
    await proxy.serve({});
    for (let count = 0; count < 6; count++) {
      const answer = await proxy.ask("/", { method: "POST", body: "once" });
      expect([answer.status, JSON.parse(answer.body).body]).toEqual([200, "once"]);
    }
    proxy.backend("web", [dead]);
    expect((await proxy.ask("/")).status).toBe(502);
  });

  it("that break off are asked again only for what may be asked twice", async () => {
    const seen: string[] = [];
    const breaking = await proxy.server((req) => {
      seen.push(`${req.method}`);
      req.socket.destroy();
    });
    proxy.backend("web", [breaking]);
    await proxy.serve({});
    expect((await proxy.ask("/", { method: "POST", body: "x" })).status).toBe(502);
    expect(seen).toEqual(["POST"]);
    proxy.backend("web", [breaking, await echo()]);
    const answers = await Promise.all(Array.from({ length: 4 }, () => proxy.ask("/")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it("that close connections which wait lose no request by it, also where there is only one", async () => {
    const used = new WeakSet<object>();
    const closing = await proxy.server((req, res) => {
      if (used.has(req.socket)) req.socket.destroy();
      else res.end("ok");
      used.add(req.socket);
    });
    proxy.backend("web", [closing]);
    await proxy.serve({});
    for (let round = 0; round < 6; round++) expect((await proxy.ask("/")).status).toBe(200);
  });

  it("that are removed, or spoken to in another way, end what they have begun", async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    const slow = await proxy.server(async (_, res) => {
      const step = steps[begun++]!;
      res.write("begin ");
      await step.promise;
      res.end("end");
    });
    for (const change of [
      () => proxy.backend("web", [slow], { protocol: "https", tls: { verify: false } }),
      () => proxy.engine.removeBackend("web"),
    ]) {
      proxy.backend("web", [slow]);
      await proxy.serve({});
      const asked = proxy.ask("/");
      await expect.poll(() => proxy.metrics.open).toBe(1);
      change();
      steps[begun - 1]!.resolve();
      expect((await asked).body).toBe("begin end");
    }
  });

  it("that hold a port open hold up no other change", async () => {
    const step = Promise.withResolvers<void>();
    const slow = await proxy.server(async (_, res) => {
      await step.promise;
      res.end("late");
    });
    proxy.backend("web", [slow]);
    await proxy.serve({});
    const asked = proxy.ask("/");
    await expect.poll(() => proxy.metrics.open).toBe(1);
    const other = await freePort();
    const hosts = [{ host: "*", rules: [] }];
    await proxy.engine.setRoutes({
      listeners: [{ address: "127.0.0.1", port: other, protocol: "http", hosts }],
    });
    expect((await proxy.ask("/", { port: other })).status).toBe(404);
    step.resolve();
    expect((await asked).body).toBe("late");
  });

  it("that take too long are not waited for", async () => {
    proxy.backend("web", [await proxy.server(() => {})]);
    await proxy.serve(
      { path: "/try", timeouts: { backendMs: 50 } },
      { path: "/all", timeouts: { requestMs: 50 } },
    );
    expect((await proxy.ask("/try")).status).toBe(504);
    expect((await proxy.ask("/all")).status).toBe(504);
  });

  it("that answer with a status to be retried are asked again, so often", async () => {
    let count = 0;
    const flaky = await proxy.server((_, res) => {
      res.statusCode = ++count < 3 ? 503 : 200;
      res.end();
    });
    proxy.backend("web", [flaky]);
    const retries = { codes: [503], backoffMs: 1 };
    await proxy.serve(
      { path: "/twice", retries: { ...retries, attempts: 2 } },
      { path: "/once", retries: { ...retries, attempts: 1 } },
    );
    expect([(await proxy.ask("/twice")).status, count]).toEqual([200, 3]);
    count = 0;
    expect([(await proxy.ask("/once")).status, count]).toEqual([503, 2]);
    count = 0;
    expect([(await proxy.ask("/twice", { method: "POST", body: "x" })).status, count]).toEqual([503, 1]);
  });

  it("keep a client by its cookie", async () => {
    proxy.backend("web", [await echo("one"), await echo("two"), await echo("three")]);
    await proxy.serve({ sessionCookie: { name: "route", path: "/", maxAgeSeconds: 60 } });
    const first = await proxy.ask("/");
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^route=[0-9a-f]{32}; Path=\/; Max-Age=60; HttpOnly$/);
    const { name } = JSON.parse(first.body);
    for (let count = 0; count < 5; count++) {
      const again = await proxy.ask("/", { headers: { cookie: `a=b; ${cookie.split(";")[0]}` } });
      expect([JSON.parse(again.body).name, again.headers["set-cookie"]]).toEqual([name, undefined]);
    }
  });

  it("get copies, whose answers nobody waits for", async () => {
    const copies: string[] = [];
    const mirror = await proxy.server((req) => {
      copies.push(`${req.method} ${req.url} ${req.headers["x-a"]}`);
    });
    proxy.backend("web", [await echo()]);
    proxy.backend("copy", [mirror]);
    await proxy.serve({ filters: [{ type: "mirror", backend: "copy", percent: 100 }] });
    expect((await proxy.ask("/x?y", { headers: { "x-a": "1" } })).status).toBe(200);
    await expect.poll(() => copies).toEqual(["GET /x?y 1"]);
  });

  it("come and go under load, and no request is lost", async () => {
    const servers = await Promise.all(["one", "two", "three", "four"].map((name) => echo(name)));
    proxy.backend("web", servers.slice(0, 2));
    await proxy.serve({});
    let isOver = false;
    const statuses = new Map<number | string, number>();
    const client = async () => {
      while (!isOver) {
        const { status } = await proxy.ask("/").catch((error) => ({ status: String(error) }));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let round = 0; round < 40; round++) {
      proxy.backend("web", [servers[round % 4]!, servers[(round + 1) % 4]!]);
      await proxy.serve({ name: `round-${round}` });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    isOver = true;
    await Promise.all(clients);
    expect([...statuses.keys()]).toEqual([200]);
    expect(proxy.metrics.lines().join("\n")).toMatch(
      /gantry_ingress_requests_total\{rule="round-\d+",code="200"\} \d+/,
    );
  });

  it("that leave end in peace what they have begun", async () => {
    const step = Promise.withResolvers<void>();
    const slow = await proxy.server(async (_, res) => {
      res.write("begin ");
      await step.promise;
      res.end("end");
    });
    proxy.backend("web", [slow]);
    await proxy.serve({});
    const asked = proxy.ask("/");
    await expect.poll(() => proxy.metrics.open).toBe(1);
    proxy.backend("web", [await echo()]);
    expect(JSON.parse((await proxy.ask("/")).body).name).toBe("one");
    step.resolve();
    expect((await asked).body).toBe("begin end");
  });
});

describe("other protocols", () => {
  it("are switched to where the backend does", async () => {
    const { server, ...endpoint } = await proxy.server((_, res) => {
      res.statusCode = 426;
      res.end("upgrade needed");
    });
    server.on("upgrade", (req, socket) => {
      if (req.url !== "/ws") {
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
        return;
      }
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: ${req.headers.upgrade}\r\nconnection: Upgrade\r\n\r\n`,
      );
      socket.on("data", (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
    });
    // The first one takes no connections.
    proxy.backend("web", [{ address: "127.0.0.1", port: await freePort() }, endpoint]);
    await proxy.serve({});
    const head = (path: string) =>
      `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n`;
    const socket = connect({ host: "127.0.0.1", port: proxy.port });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.write(head("/ws"));
    await expect
      .poll(() => received)
      .toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*upgrade: chat[\s\S]*\r\n\r\n$/);
    socket.write("hello");
    await expect.poll(() => received).toContain("HELLO");
    socket.destroy();
    await proxy.serve(
      { path: "/moved", filters: [{ type: "redirect", scheme: "https", host: "b.example", status: 308 }] },
      {},
    );
    expect(await raw(head("/moved/x"))).toMatch(
      /^HTTP\/1\.1 308 [\s\S]*\r\nlocation: https:\/\/b\.example\/moved\/x\r\n/,
    );
    const refused = await raw(head("/else"));
    expect([refused.split("\r\n")[0], refused.endsWith("no")]).toEqual(["HTTP/1.1 403 Forbidden", true]);
    expect(await raw("GET / HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1\.1 426/);
  });

  it("of gRPC come back with what follows the body", async () => {
    const behind = createHttp2Server();
    behind.on("stream", (stream, headers) => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "x-path": headers[":path"] },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "5", "grpc-message": "none" }));
      stream.pipe(stream);
    });
    await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
    const { port } = behind.address() as AddressInfo;
    proxy.backend("web", [{ address: "127.0.0.1", port }]);
    const hosts = [{ host: "*", rules: [ruleOf({})] }];
    const [tlsPort, plainPort] = [await freePort(), await freePort()];
    await proxy.engine.setRoutes({
      listeners: [
        { address: "127.0.0.1", port: tlsPort, protocol: "https", hosts },
        { address: "127.0.0.1", port: plainPort, protocol: "http", hosts },
      ],
    });
    const options = { rejectUnauthorized: false, servername: "a.example" };
    for (const origin of [`https://127.0.0.1:${tlsPort}`, `http://127.0.0.1:${plainPort}`])
      expect(await calledOverHttp2(origin, options)).toEqual({
        ...{ status: 200, path: "/pkg.Service/Call", body: "ping", grpc: "5", message: "none" },
      });
    expect((await proxy.ask("/", { port: plainPort, method: "POST", body: "x" })).status).toBe(502);
    behind.close();
  });
});

describe("calls of gRPC", () => {
  it("have their trailers also where they end before their request does", async () => {
    const behind = createHttp2Server();
    behind.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "7" }));
      stream.end("x");
    });
    await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
    proxy.backend("web", [{ address: "127.0.0.1", port: (behind.address() as AddressInfo).port }]);
    await proxy.serve({});
    for (let round = 0; round < 20; round++) {
      const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
      const stream = session.request({ ":method": "POST", "content-type": "application/grpc" });
      let status: unknown;
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"];
      });
      stream.on("response", () => stream.end("late"));
      stream.resume();
      await new Promise((resolve) => stream.on("close", resolve));
      expect(status).toBe("7");
      session.destroy();
    }
    behind.close();
  });
});

async function calledOverHttp2(origin: string, options: object): Promise<Record<string, unknown>> {
  const session = connectHttp2(origin, options);
  const stream = session.request({
    ":method": "POST",
    ":path": "/pkg.Service/Call",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const told: Record<string, unknown> = {};
  stream.on("response", (headers) =>
    Object.assign(told, { status: headers[":status"], path: headers["x-path"] }),
  );
  stream.on("trailers", (trailers) =>
    Object.assign(told, { grpc: trailers["grpc-status"], message: trailers["grpc-message"] }),
  );
  stream.on("data", (chunk) => Object.assign(told, { body: String(chunk) }));
  stream.end("ping");
  await new Promise((resolve) => stream.on("close", resolve));
  session.close();
  return told;
}
