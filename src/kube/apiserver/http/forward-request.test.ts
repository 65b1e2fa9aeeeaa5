import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { type HttpServer, startHttpServer } from "../../../http/index.ts";
import { issue } from "../../../http/tls.test-support.ts";
import { forwardRequest } from "./forward-request.ts";
import { proxiedLink } from "./proxied-links.ts";

const PROXY = "/api/v1/namespaces/default/pods/p/proxy";

const PAGES: Record<string, string> = {
  "/page": `<!doctype html><p title="/x">&amp; <a class=b href="/a/?q=1#f">a</a><img src="b.png" longdesc='/c'><script>"</a>"</script>`,
  "/zipped": '<a href="/a">a</a>',
  "/plain": '<a href="/a">a</a>',
};

describe("a request that is passed on", () => {
  const pod = createServer((req, res) => {
    if (req.url === "/echo")
      return req.pipe(res.writeHead(200, { "x-length": String(req.headers["content-length"]) }));
    const page = PAGES[req.url!];
    if (!page) return res.end(`${req.method} ${req.url}`);
    const bytes = req.url === "/zipped" ? gzipSync(page) : Buffer.from(page);
    res.setHeader("content-type", req.url === "/plain" ? "text/plain" : "text/html; charset=utf-8");
    if (req.url === "/zipped") res.setHeader("content-encoding", "gzip");
    res.setHeader("content-length", bytes.length);
    return res.end(bytes);
  });
  let front: HttpServer;
  let secureFront: HttpServer;
  let url: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
    const target = {
      protocol: "http:" as const,
      host: "127.0.0.1",
      port: (pod.address() as AddressInfo).port,
    };
    front = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      handler: (ctx) => forwardRequest(ctx, target),
      logger: silentLogger,
    });
    secureFront = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      tls: issue("/CN=front"),
      http2: { maxStreams: 100 },
      handler: (ctx) => forwardRequest(ctx, target),
      logger: silentLogger,
    });
    url = `http://127.0.0.1:${(front.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    await front.close();
    await secureFront.close();
    pod.close();
  });

  const ask = async (method: string, path: string) => {
    const answer = await fetch(`${url}${path}`, { method, redirect: "manual" });
    return [answer.status, answer.headers.get("location") ?? (await answer.text())];
  };

  it.each([
    ["GET", PROXY, 301, `${PROXY}/`],
    ["HEAD", `${PROXY}?a=b`, 301, `${PROXY}/?a=b`],
    // What does something is not sent elsewhere: a redirect would make a GET of it.
    ["POST", PROXY, 200, "POST /"],
    ["DELETE", `${PROXY}?method=DELETE`, 200, "DELETE /?method=DELETE"],
    ["PUT", `${PROXY}/`, 200, "PUT /"],
    ["GET", `${PROXY}/a%2Fb//c?x=%20y`, 200, "GET /a%2Fb/c?x=%20y"],
  ])("%s %s: %i %s", async (method, path, status, answer) => {
    expect(await ask(method, path)).toEqual([status, answer]);
  });

  it.each([
    [
      "/page",
      `<!doctype html><p title="/x">&amp; <a class="b" href="${PROXY}/a/?q=1#f">a</a><img src="b.png" longdesc="${PROXY}/c"><script>"</a>"</script>`,
    ],
    ["/zipped", `<a href="${PROXY}/a">a</a>`],
    ["/plain", PAGES["/plain"]!],
  ])("leads the links of %s through the proxy", async (path, text) => {
    expect(await ask("GET", PROXY + path)).toEqual([200, text]);
  });

  it.each([
    ["PUT", {}],
    ["DELETE", {}],
    ["DELETE", { "content-length": "200000" }],
    ["POST", { cookie: ["a=1", "b=2"], te: "trailers" }],
  ])("%s with a body goes through from HTTP/2 and comes back, with %j", async (method, headers) => {
    const session = connect(`https://127.0.0.1:${(secureFront.address() as { port: number }).port}`, {
      rejectUnauthorized: false,
    });
    const sent = Buffer.alloc(200_000, "GET / HTTP/1.1\r\n\r\n");
    const stream = session.request(
      { ":method": method, ":path": `${PROXY}/echo`, ...headers },
      { endStream: false },
    );
    const answered = once(stream, "response");
    stream.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect((await answered)[0]).toMatchObject({
      ":status": 200,
      "x-length": String((headers as Record<string, unknown>)["content-length"]),
    });
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    session.destroy();
  });

  it.each([
    ["/", `${PROXY}/`],
    ["/a/b/", `${PROXY}/a/b/`],
    ["?q", "?q"],
    ["#f", "#f"],
    ["a/b", "a/b"],
    ["mailto:/x", "mailto:/x"],
    [`${PROXY}/a`, `${PROXY}/a`],
    ["http://10.0.0.7:8080/a", `${PROXY}/a`],
    ["https://api.test/a", `${PROXY}/a`],
    ["//api.test/a", `${PROXY}/a`],
    ["https://elsewhere.test/a", "https://elsewhere.test/a"],
    ["//elsewhere.test/a", "//elsewhere.test/a"],
  ])("link %s becomes %s", (link, wanted) => {
    const page = { host: "10.0.0.7:8080", requestHost: "api.test", prefix: PROXY };
    expect(proxiedLink(link, page)).toBe(wanted);
  });
});
