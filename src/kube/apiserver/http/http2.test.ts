import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { createInterface } from "node:readline";
import { connect as tlsConnect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { configMaps, pods } from "../../api/index.ts";
import type { NodeAccess } from "../../client/node-access.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const NAMESPACE = { namespace: "default" };
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const WATCHES = 200;

describe("the API over HTTP/2", () => {
  let server: TestServer;
  const sessions: ClientHttp2Session[] = [];
  beforeAll(async () => {
    server = await startTestServer({
      clientStallMs: 1000,
      // It is not come to.
      nodeAccess: () => ({}) as NodeAccess,
      http2: { isOffered: true, maxStreams: 250, goawayChance: 0 },
    });
  });
  afterAll(() => server.stop());
  afterEach(() => {
    for (const one of sessions.splice(0)) one.destroy();
  });

  async function session(to = server): Promise<ClientHttp2Session> {
    const { certPem: cert, keyPem: key } = await to.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const one = connect(to.url, { ca: to.certificates.caPem, cert, key });
    one.on("error", () => {});
    sessions.push(one);
    await once(one, "connect");
    return one;
  }

  async function ask(
    one: ClientHttp2Session,
    path: string,
    { method = "GET", body, headers = {} }: { method?: string; body?: unknown; headers?: object } = {},
  ) {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const stream = one.request({ ":method": method, ":path": path, ...type, ...headers });
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    const [answered] = await once(stream, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { code: answered[":status"] as number, headers: answered, text: Buffer.concat(chunks).toString() };
  }

  /** A watch, and its events as they come. */
  function watch(one: ClientHttp2Session, more = ""): { stream: ClientHttp2Stream; lines: string[] } {
    const stream = one.request({ ":path": `${CONFIG_MAPS}?watch=1${more}` });
    stream.on("error", () => {});
    const lines: string[] = [];
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
    return { stream, lines };
  }

  const openWatches = async () =>
    Number(/apiserver_longrunning_requests (\d+)/.exec((await rawRequest(server, "/metrics")).text)?.[1]);

  it("is create, get, patch, delete, and errors as ever", async () => {
    const one = await session();
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
    expect(await ask(one, CONFIG_MAPS, { method: "POST", body: object })).toMatchObject({ code: 201 });
    const got = await ask(one, `${CONFIG_MAPS}/a`);
    expect(JSON.parse(got.text)).toMatchObject({ metadata: { name: "a" } });
    expect(got.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-cache, private",
      "audit-id": expect.any(String),
      "x-kubernetes-pf-flowschema-uid": expect.any(String),
    });
    const patched = await ask(one, `${CONFIG_MAPS}/a`, {
      method: "PATCH",
      body: { data: { k: "v" } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(JSON.parse(patched.text)).toMatchObject({ data: { k: "v" } });
    expect((await ask(one, `${CONFIG_MAPS}/a`, { method: "DELETE" })).code).toBe(200);
    const gone = await ask(one, `${CONFIG_MAPS}/a`);
    expect([gone.code, JSON.parse(gone.text).reason]).toEqual([404, "NotFound"]);
    const tooLong = await ask(one, CONFIG_MAPS, {
      method: "POST",
      body: { ...object, data: { a: "x".repeat(4e6) } },
    });
    expect([tooLong.code, JSON.parse(tooLong.text).reason]).toEqual([413, "RequestEntityTooLarge"]);
  });

  it("has many watches on a connection, each told at once, and ended by its reset", async () => {
    const own = await openWatches();
    const one = await session();
    const watches = Array.from({ length: WATCHES }, () => watch(one));
    await vi.waitFor(async () => expect(await openWatches()).toBe(own + WATCHES), { timeout: 10_000 });
    await server.client.create(configMaps, { metadata: { name: "told", ...NAMESPACE } });
    await vi.waitFor(() => {
      for (const { lines } of watches) expect(lines.join()).toContain('"told"');
    });
    for (const { stream } of watches.slice(1)) stream.close(8);
    await vi.waitFor(async () => expect(await openWatches()).toBe(own + 1), { timeout: 10_000 });
    expect((await ask(one, "/version")).code).toBe(200);
    expect(watches[0]!.stream.destroyed).toBe(false);
  });

  it("cuts the watch that is not read, and no other one of the connection", { timeout: 20_000 }, async () => {
    const own = await openWatches();
    const one = await session();
    const { metadata } = await server.client.create(configMaps, {
      metadata: { name: "big", ...NAMESPACE },
    });
    const from = `&resourceVersion=${metadata.resourceVersion}`;
    const stalled = one.request({ ":path": `${CONFIG_MAPS}?watch=1${from}` });
    const ended = once(stalled, "error");
    stalled.pause();
    const read = watch(one, from);
    await vi.waitFor(async () => expect(await openWatches()).toBe(own + 2));
    for (let n = 0; n < 20; n++) {
      const data = { n: String(n), text: "x".repeat(100_000) };
      await server.client.patch(configMaps, "default", "big", "merge", { data });
    }
    await ended;
    expect(stalled.rstCode).toBe(2);
    await vi.waitFor(() => expect(read.lines).toHaveLength(20));
    expect(await openWatches()).toBe(own + 1);
  });

  it("lets no large list hold up what is asked beside it", async () => {
    const text = "x".repeat(200_000);
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        server.client.create(configMaps, { metadata: { name: `large-${at}`, ...NAMESPACE }, data: { text } }),
      ),
    );
    const one = await session();
    const order: string[] = [];
    const list = ask(one, CONFIG_MAPS).then(({ text: got }) => order.push(`list ${got.length > 20e6}`));
    const gets = Array.from({ length: 50 }, () => ask(one, "/version").then(() => order.push("get")));
    await Promise.all([list, ...gets]);
    expect(order.at(-1)).toBe("list true");
  });

  it("upgrades nothing: for that there is HTTP/1.1", async () => {
    await server.client.create(pods, {
      metadata: { name: "pod", ...NAMESPACE },
      spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
    } as never);
    const { code, text } = await ask(
      await session(),
      "/api/v1/namespaces/default/pods/pod/exec?command=a&stdout=1",
      {
        method: "POST",
      },
    );
    expect([code, JSON.parse(text).message]).toEqual([400, "Upgrade request required"]);
  });

  it("goes on with a connection's requests while the server stops, and says that it does", async () => {
    const own = await startTestServer();
    const one = await session(own);
    const events = once(one.request({ ":path": `${CONFIG_MAPS}?watch=1` }), "end");
    await ask(one, "/version");
    const goaway = once(one, "goaway");
    const stopping = own.stop();
    expect((await goaway)[0]).toBe(0);
    one.request({ ":path": "/version" }).on("error", () => {});
    await stopping;
    await Promise.race([events, once(one, "close")]);
  });

  it("is not offered where it is disabled", async () => {
    const own = await startTestServer({ http2: { isOffered: false, maxStreams: 100, goawayChance: 0 } });
    const { hostname, port } = new URL(own.url);
    const chosen = async (to: string | number) => {
      const socket = tlsConnect({
        host: hostname,
        port: Number(to),
        rejectUnauthorized: false,
        ALPNProtocols: ["h2", "http/1.1"],
      });
      await once(socket, "secureConnect");
      socket.destroy();
      return socket.alpnProtocol;
    };
    expect([await chosen(port), await chosen(new URL(server.url).port)]).toEqual(["http/1.1", "h2"]);
    await own.stop();
  });
});
