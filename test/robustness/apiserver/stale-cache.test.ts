import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger, systemClock } from "../../../src/base/index.ts";
import { configMaps, type KubeObject } from "../../../src/kube/api/index.ts";
import { rawRequest } from "../../../src/kube/apiserver/testing/raw-request.ts";
import { createInformerFactory, type KubeClient } from "../../../src/kube/client/index.ts";
import { hasEtcd } from "../../../src/store/etcd/etcd-process.test-support.ts";
import { type ServerPair, startServerPair } from "./server-pair.ts";
import { SwitchingClient } from "./switching-client.ts";
import { VersionGuard } from "./version-guard.ts";

// kubernetes#59848: a client that moves to an API server whose cache is behind must not go back in time.

const NAMESPACE = { namespace: "default" };
const NAMES = Array.from({ length: 5 }, (_, n) => `counter-${n}`);
const FIELDS = { fieldSelector: "metadata.namespace=default,metadata.name!=kube-root-ca.crt" };

const TOO_NEW = {
  code: 504,
  reason: "Timeout",
  details: { retryAfterSeconds: 1, causes: [{ reason: "ResourceVersionTooLarge" }] },
};

let pair: ServerPair;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  // Each server's cache is held against the store every second; a difference fails `stop`.
  vi.stubEnv("GANTRY_VERIFY", "all");
  if (hasEtcd) pair = await startServerPair("etcd watches");
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.unstubAllEnvs();
  await pair?.stop();
});

/** Changes, deletes and makes the counters anew, one after the other; the version of the last write. */
async function write(client: KubeClient, rounds: number): Promise<number> {
  let version = 0;
  const note = (object: KubeObject) => {
    version = Math.max(version, Number(object.metadata.resourceVersion));
  };
  for (let round = 0; round < rounds; round++) {
    for (const name of NAMES) {
      const data = { round: String(round) };
      note(
        await client.patch(configMaps, "default", name, "merge", { data }).catch((error) => {
          if (error.kind !== "NotFound") throw error;
          return client.create(configMaps, { metadata: { name, ...NAMESPACE }, data });
        }),
      );
    }
    const victim = NAMES[round % NAMES.length]!;
    await client.delete(configMaps, "default", victim);
    note(await client.create(configMaps, { metadata: { name: victim, ...NAMESPACE } }));
  }
  return version;
}

/** What a moving client reads by plain requests, with everything held against what it saw before. */
async function read(client: KubeClient, guard: VersionGuard): Promise<string> {
  for (const name of NAMES) {
    const found = await client.get(configMaps, "default", name).catch(() => undefined);
    if (found) guard.see("get", found);
  }
  try {
    const list = await client.list(configMaps, NAMESPACE);
    guard.seeList("list", list.metadata.resourceVersion);
    for (const item of list.items) guard.see("list", item);
    return "served";
  } catch (error) {
    return (error as { status: { code: number } }).status.code.toString();
  }
}

async function following(client: KubeClient, guard: VersionGuard) {
  const controller = new AbortController();
  const factory = createInformerFactory(client, { logger: silentLogger });
  const informer = factory.informer(configMaps, FIELDS);
  guard.follow(informer);
  const done = factory.run(controller.signal);
  stops.push(async () => {
    controller.abort();
    await done;
  });
  await factory.synced();
  return informer;
}

const newestIn = (objects: Iterable<KubeObject>) =>
  Math.max(...[...objects].map(({ metadata }) => Number(metadata.resourceVersion)));

describe.skipIf(!hasEtcd)("a cache that is behind (needs etcd-server)", () => {
  it("never takes a client back in time", async () => {
    const { first, second } = pair;
    await write(first.client, 1);
    const [moving, guard] = [new SwitchingClient(first.client), new VersionGuard()];
    const informer = await following(moving.client, guard);
    expect(await read(moving.client, guard)).toBe("served");

    pair.pause();
    const newest = await write(first.client, 10);
    await vi.waitFor(() => expect(newestIn(informer.list())).toBe(newest));
    await read(moving.client, guard);
    const old = await second.client.list(configMaps, { ...NAMESPACE, resourceVersion: "0" });
    expect(newestIn(old.items)).toBeLessThan(newest);

    moving.moveTo(second.client);
    // What the cache cannot answer in time is refused, so that the client tries again; a get asks the store.
    const refused = second.client.list(configMaps, { resourceVersion: String(newest) });
    const [served] = await Promise.all([
      read(moving.client, guard),
      expect(refused).rejects.toMatchObject({ status: TOO_NEW }),
    ]);
    expect(served).toBe("504");
    expect(newestIn(informer.list())).toBe(newest);
    moving.moveTo(first.client);
    const newer = await write(second.client, 3);
    await vi.waitFor(() => expect(newestIn(informer.list())).toBe(newer), 5000);
    moving.moveTo(second.client);
    pair.resume();
    const last = await write(second.client, 3);
    await vi.waitFor(() => expect(newestIn(informer.list())).toBe(last), 10_000);
    expect(await read(moving.client, guard)).toBe("served");
    expect(guard.violations).toEqual([]);

    const truth = await first.client.list(configMaps, { ...NAMESPACE, ...FIELDS });
    expect([...informer.list()].map(identity).sort()).toEqual(truth.items.map(identity).sort());
    await Promise.all([first, second].map(isFoundConsistent));
  });

  it("waits with a watch from a version that it has not reached, and then tells everything after it", async () => {
    const { first, second } = pair;
    const before = await write(first.client, 1);
    pair.pause();
    const from = await write(first.client, 2);
    expect(from).toBeGreaterThan(before);
    const told: number[] = [];
    const controller = new AbortController();
    const watching = (async () => {
      const options = { ...NAMESPACE, resourceVersion: String(from), signal: controller.signal };
      for await (const { object } of second.client.watch(configMaps, options))
        told.push(Number(object.metadata.resourceVersion));
    })();
    await write(first.client, 2);
    await systemClock.sleep(500);
    expect(told).toEqual([]);
    pair.resume();
    const last = await write(first.client, 2);
    await vi.waitFor(() => expect(told.at(-1)).toBe(last), 5000);
    controller.abort();
    await watching;
    const expected: number[] = [];
    const replay = first.client.watch(configMaps, { ...NAMESPACE, resourceVersion: String(from) });
    for await (const { object } of replay) {
      expected.push(Number(object.metadata.resourceVersion));
      if (expected.at(-1) === last) break;
    }
    expect(told).toEqual(expected);
  });
});

const identity = ({ metadata }: KubeObject) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`;

async function isFoundConsistent(server: ServerPair["first"]): Promise<void> {
  const checks = async () => {
    const { text } = await rawRequest(server, "/metrics");
    const count = (status: string) =>
      Number(
        new RegExp(
          `^apiserver_storage_consistency_checks_total\\{resource="configmaps",status="${status}"\\} (\\d+)$`,
          "m",
        ).exec(text)?.[1] ?? 0,
      );
    return { success: count("success"), failure: count("failure") };
  };
  const { success } = await checks();
  await vi.waitFor(async () => expect((await checks()).success).toBeGreaterThan(success), 5000);
  expect((await checks()).failure).toBe(0);
}
