import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLogger, silentLogger, systemClock } from "../../base/index.ts";
import { FaultyStore, openMemoryStore, type Store, WatchCache } from "../../store/index.ts";
import { configMaps } from "../api/index.ts";
import { CacheChecker } from "./cache-checker.ts";
import { FlowControl } from "./flow-control/flow-control.ts";
import { ApiServerMetrics } from "./metrics.ts";
import { REGISTRY } from "./objects/object-keys.ts";
import { StoredObject } from "./objects/stored-object.ts";
import { rawRequest } from "./testing/raw-request.ts";
import { startTestServer } from "./testing/start-test-server.ts";

let store: Store;
let faulty: FaultyStore;

beforeEach(async () => {
  store = await openMemoryStore({ logger: silentLogger });
  faulty = new FaultyStore(store);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await store.close();
});

const put = async (key: string, value: string) =>
  (await store.transact({ success: [{ type: "put", key: `${REGISTRY}${key}`, value: Buffer.from(value) }] }))
    .revision;

describe("CacheChecker", () => {
  it("counts what is equal, and heals a cache that was not told of a change", async () => {
    await put("core/pods/default/a", "{}");
    await put("apps/deployments/default/a", "{}");
    const cache = new WatchCache<StoredObject>({
      store: faulty,
      prefix: REGISTRY,
      decode: (key, value, revision) => new StoredObject(key, value, revision),
      logger: silentLogger,
    });
    const controller = new AbortController();
    const loaded = Promise.withResolvers<void>();
    const done = cache.run({ signal: controller.signal, ready: loaded.resolve });
    await loaded.promise;
    const told: string[] = [];
    const logger = createLogger((line) => told.push(line.replace(/^\S+ /, "")), "error");
    const clock = systemClock;
    const flowControl = new FlowControl({
      clock,
      serverLimit: 600,
      requestTimeoutMs: 60_000,
      countObjects: () => undefined,
    });
    const metrics = new ApiServerMetrics({ clock, flowControl });
    const checker = new CacheChecker({ store, cache, metrics, logger, clock, strict: false });
    const counted = () =>
      [...metrics.text().matchAll(/^apiserver_storage_consistency_checks_total\{(.*)\} (\d+)$/gm)].map(
        ([, labels, count]) => `${labels} ${count}`,
      );

    expect(await checker.check()).toBe(true);
    faulty.faults = { hideEvent: faulty.counts.events + 1 };
    await put("core/pods/default/a", '{"hidden":1}');
    const revision = await put("apps/deployments/default/b", "{}");
    await cache.waitFor(revision, 1000);
    expect(await checker.check()).toBe(false);
    expect(told).toEqual([
      "ERROR the watch cache differs from the store in 1 pods; it loads anew key=/registry/core/pods/default/a inCache=2 inStore=4",
    ]);
    await vi.waitFor(() => expect(cache.get(`${REGISTRY}core/pods/default/a`)?.revision).toBe(revision - 1));
    expect(await checker.check()).toBe(true);
    expect(counted()).toEqual([
      'resource="deployments.apps",status="success" 3',
      'resource="pods",status="success" 2',
      'resource="pods",status="failure" 1',
    ]);
    controller.abort();
    await done;
  });

  it("ends the server in tests that verify all", async () => {
    vi.stubEnv("GANTRY_VERIFY", "all");
    const server = await startTestServer({ store: faulty });
    faulty.faults = { hideEvent: faulty.counts.events + 1 };
    for (const name of ["a", "b"])
      await server.client.create(configMaps, { metadata: { name, namespace: "default" } });
    const refused = () =>
      rawRequest(server, "/livez").then(
        () => false,
        () => true,
      );
    await vi.waitUntil(refused, { timeout: 5000 });
    await expect(server.stop()).rejects.toMatchObject({ code: "Kubernetes.CacheDiffers" });
  });
});
