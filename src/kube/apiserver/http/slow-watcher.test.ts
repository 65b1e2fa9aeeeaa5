import { once } from "node:events";
import http2 from "node:http2";
import { memoryUsage } from "node:process";
import tls from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { configMaps, type KubeObject } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const MIB = 2 ** 20;
const ROUNDS = 64;
const NAMESPACE = { namespace: "default" };
const PATH = "/api/v1/namespaces/default/configmaps?watch=1";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

describe("a watcher that does not read", () => {
  let server: TestServer;
  beforeAll(async () => {
    const watchLimits = { historyBytes: 4 * MIB, maxWaitingBytes: 4 * MIB };
    server = await startTestServer({ watchLimits, clientStallMs: 1000 });
  });
  afterAll(() => server.stop());

  /** A watch whose client takes the head of the answer and nothing more. */
  async function watchWithoutReading(resourceVersion: string): Promise<tls.TLSSocket> {
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const { port } = server.api.address!;
    const socket = tls.connect({ port, host: "127.0.0.1", ca: server.certificates.caPem, cert, key });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write(`GET ${PATH}&resourceVersion=${resourceVersion} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(socket, "data");
    socket.pause();
    return socket;
  }

  const openWatches = async () =>
    Number(/apiserver_longrunning_requests (\d+)/.exec((await rawRequest(server, "/metrics")).text)?.[1]);

  function liveBytes(): number {
    collectGarbage();
    return memoryUsage().arrayBuffers;
  }

  async function versions(resourceVersion: string, count: number, seen: string[] = []): Promise<string[]> {
    const client = await server.https();
    try {
      for await (const event of client.watch(configMaps, { ...NAMESPACE, resourceVersion })) {
        seen.push(event.object.metadata.resourceVersion);
        if (seen.length === count) break;
      }
    } finally {
      client.close();
    }
    return seen;
  }

  it("holds one piece of what it is told, beside many others like it, and gives it back", async () => {
    const own = await openWatches();
    const watchers = 40;
    const text = "x".repeat(100_000);
    for (let n = 0; n < 10; n++) {
      await server.client.create(configMaps, {
        metadata: { name: `state-${n}`, ...NAMESPACE },
        data: { text },
      });
    }
    const before = liveBytes();
    const sockets: tls.TLSSocket[] = [];
    for (let n = 0; n < watchers; n++) sockets.push(await watchWithoutReading("0"));
    await server.client.patch(configMaps, "default", "state-1", "merge", { data: { text: `${text}y` } });
    expect(liveBytes() - before).toBeLessThan(watchers * 128 * 1024);
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(await openWatches()).toBe(own), { timeout: 10_000 });
    await vi.waitFor(() => expect(liveBytes() - before).toBeLessThan(3 * MIB), { timeout: 10_000 });
  });

  it("holds as little over HTTP/2, where many share a connection", async () => {
    const own = await openWatches();
    const watchers = 40;
    const { client } = server;
    const text = "x".repeat(100_000);
    const { metadata } = await client.create(configMaps, { metadata: { name: "shared", ...NAMESPACE } });
    const { certPem: cert, keyPem: key } = await server.certificates.client("admin", {
      commonName: "admin",
      organizations: ["system:masters"],
    });
    const settings = { initialWindowSize: 0 };
    const session = http2.connect(server.url, { ca: server.certificates.caPem, cert, key, settings });
    session.on("error", () => {});
    const before = liveBytes();
    for (let n = 0; n < watchers; n++) {
      const path = `${PATH}&resourceVersion=${metadata.resourceVersion}`;
      const stream = session.request({ ":path": path }).on("error", () => {});
      await once(stream, "response");
    }
    for (let n = 0; n < 10; n++)
      await client.patch(configMaps, "default", "shared", "merge", { data: { text: text + n } });
    expect(liveBytes() - before).toBeLessThan(watchers * 128 * 1024 + 2 * MIB);
    await vi.waitFor(async () => expect(await openWatches()).toBe(own), { timeout: 10_000 });
    session.destroy();
    await vi.waitFor(() => expect(liveBytes() - before).toBeLessThan(3 * MIB), { timeout: 10_000 });
  });

  it("is cut off, holds no memory, and nobody else notices", { timeout: 30_000 }, async () => {
    const own = await openWatches();
    const { client, store } = server;
    const object = await client.create(configMaps, { metadata: { name: "big", ...NAMESPACE } });
    const start = object.metadata.resourceVersion;
    const stalled = await watchWithoutReading(start);
    const seen: string[] = [];
    const healthy = versions(start, ROUNDS, seen);
    const before = liveBytes();
    const written: string[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      const data = { n: String(n), text: "x".repeat(900_000) };
      const next: KubeObject = await client.patch(configMaps, "default", "big", "merge", { data });
      written.push(next.metadata.resourceVersion);
      await store.compact(Number(next.metadata.resourceVersion));
      // Who reads is not left behind, however busy the machine is.
      await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(n), { timeout: 10_000, interval: 5 });
    }
    expect(await healthy).toEqual(written);
    // Buffers are freed in the background after a collection.
    await vi.waitFor(() => expect(liveBytes() - before).toBeLessThan(32 * MIB), { timeout: 5000 });
    await vi.waitFor(async () => expect(await openWatches()).toBe(own), { timeout: 5000 });

    // It comes back: from where the past is still kept it gets all, from before it is told so.
    expect(await versions(written.at(-4)!, 3)).toEqual(written.slice(-3));
    await expect(versions(start, 1)).rejects.toMatchObject({ status: { code: 410, reason: "Expired" } });
    stalled.destroy();
  });
});
