import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger, systemClock } from "../../../src/base/index.ts";
import { configMaps, type KubeObject } from "../../../src/kube/api/index.ts";
import { type RawAnswer, rawRequest } from "../../../src/kube/apiserver/testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../../src/kube/apiserver/testing/start-test-server.ts";
import type { KubeClient } from "../../../src/kube/client/index.ts";
import { type EtcdProcess, hasEtcd, startEtcd } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { startTcpProxy, type TcpProxy } from "../../../src/store/etcd/tcp-proxy.test-support.ts";
import { openEtcdStore } from "../../../src/store/index.ts";
import { withWriteHook } from "./pausable-store.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const NAMESPACE = { namespace: "default" };
/** Time-outs of the checks are 2 s. */
const HEALTH_BOUND_MS = 3500;

let etcd: EtcdProcess;
let proxy: TcpProxy;
let server: TestServer;
let stop: () => Promise<void>;
/** Called when a write is about to be sent, after all that is read for it. */
let beforeWrite: () => void;

beforeEach(async () => {
  if (!hasEtcd) return;
  etcd = await startEtcd();
  proxy = await startTcpProxy(etcd.endpoint);
  const store = await openEtcdStore({
    endpoints: [proxy.endpoint],
    logger: silentLogger,
    requestTimeoutMs: 1500,
  });
  beforeWrite = () => {};
  server = await startTestServer({ store: withWriteHook(store, () => beforeWrite()) });
  stop = async () => {
    await server.stop();
    await store.close();
    await proxy.close();
    await etcd.dispose();
  };
});
afterEach(async () => {
  if (hasEtcd) await stop();
});

const map = (name: string) => JSON.stringify({ kind: "ConfigMap", apiVersion: "v1", metadata: { name } });
const create = (name: string) =>
  rawRequest(server, MAPS, {
    method: "POST",
    body: map(name),
    headers: { "content-type": "application/json" },
  });
const write = async (client: KubeClient, name: string) =>
  (await client.create(configMaps, { metadata: { name, ...NAMESPACE } })).metadata.resourceVersion;

async function timed<T>(work: Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const beganMs = systemClock.monotonicMs();
  const answer = await work;
  return { answer, tookMs: systemClock.monotonicMs() - beganMs };
}

async function expectRedButAlive(): Promise<void> {
  const { answer, tookMs } = await timed(rawRequest(server, "/readyz"));
  expect(answer.status).toBe(500);
  expect(answer.text).toContain("[-]etcd failed: reason withheld");
  expect(tookMs).toBeLessThan(HEALTH_BOUND_MS);
  // As upstream's, both name the store; but for it the server lives.
  expect((await rawRequest(server, "/livez")).text).toContain("[-]etcd failed: reason withheld");
  expect(await rawRequest(server, "/livez?exclude=etcd")).toMatchObject({ status: 200, text: "ok" });
}

const becomesReady = () =>
  vi.waitFor(async () => expect((await rawRequest(server, "/readyz")).status).toBe(200), {
    timeout: 10_000,
    interval: 100,
  });

/** A refusal for now that says why. Clients repeat by themselves what has a Retry-After: a write of unknown outcome has none. */
function expectUnavailable({ status, json, headers }: RawAnswer): void {
  expect([503, 504]).toContain(status);
  expect(json).toMatchObject({ kind: "Status", status: "Failure", message: expect.stringContaining("etcd") });
  expect(headers["retry-after"]).toBeUndefined();
}

/** The names that a watch tells of. */
function follow(after: string, signal: AbortSignal) {
  const names: string[] = [];
  const done = (async () => {
    const options = { ...NAMESPACE, resourceVersion: after, signal };
    for await (const { type, object } of server.client.watch(configMaps, options))
      if (type !== "BOOKMARK") names.push((object as KubeObject).metadata.name);
  })();
  return { names, done };
}

describe.skipIf(!hasEtcd)("an API server whose etcd fails (needs etcd-server)", { timeout: 60_000 }, () => {
  it.each([
    ["is down", () => etcd.kill(), () => etcd.start()],
    ["hangs", async () => etcd.pause(), async () => etcd.resume()],
  ] as const)("says so while it %s, and goes on by itself afterwards", async (_how, breaks, heals) => {
    const controller = new AbortController();
    const watch = follow(await write(server.client, "before"), controller.signal);
    expect((await rawRequest(server, "/readyz")).status).toBe(200);

    await breaks();
    await expectRedButAlive();
    const refused = await Promise.all([
      rawRequest(server, `${MAPS}/before`),
      rawRequest(server, MAPS),
      create("during"),
      rawRequest(server, `${MAPS}/before`, { method: "DELETE" }),
    ]);
    for (const answer of refused) expectUnavailable(answer);
    // What a client that is content with old state asks for is still there.
    expect((await rawRequest(server, `${MAPS}/before?resourceVersion=0`)).status).toBe(200);

    await heals();
    await becomesReady();
    expect((await create("after")).status).toBe(201);
    await vi.waitFor(() => expect(watch.names).toContain("after"), 10_000);
    // The writes that were refused may have been done, each once.
    expect(watch.names.filter((name) => name === "during").length).toBeLessThan(2);
    const { items } = await server.client.list(configMaps, NAMESPACE);
    expect(items.map(({ metadata }) => metadata.name)).toContain("after");
    controller.abort();
    await watch.done;
  });

  it("does not repeat a create whose answer is lost, nor takes its own object for another's", async () => {
    const controller = new AbortController();
    const watch = follow(await write(server.client, "before"), controller.signal);
    beforeWrite = () => proxy.dropAnswers();
    const answer = await create("once");
    expectUnavailable(answer);
    expect(answer.json.message).toContain("may or may not have been done");
    beforeWrite = () => {};
    proxy.heal();
    await becomesReady();
    await vi.waitFor(() => expect(watch.names).toEqual(["once"]));
    expect((await rawRequest(server, `${MAPS}/once`)).status).toBe(200);
    expect(await create("once")).toMatchObject({ status: 409, json: { reason: "AlreadyExists" } });
    controller.abort();
    await watch.done;
  });
});
