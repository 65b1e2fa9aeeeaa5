import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { openLmdbStore } from "../embedded/lmdb-store.ts";
import { type EtcdProcess, hasEtcd, startEtcd, startEtcdCluster } from "../etcd/etcd-process.test-support.ts";
import { openEtcdStore } from "../etcd/index.ts";
import { startTcpProxy } from "../etcd/tcp-proxy.test-support.ts";
import type { KeyValue, Store } from "../types.ts";
import { EtcdTarget } from "./etcd-target.ts";
import {
  type MigrationOptions,
  type MigrationProgress,
  type MigrationResult,
  migrateStore,
  type StoreLocation,
} from "./index.ts";

const PREFIX = "/gantry/";
const program = new URL("migration-run.test-support.ts", import.meta.url).pathname;

let dir: string;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-migration-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(dir, { recursive: true });
});

async function etcd(...flags: string[]): Promise<EtcdProcess> {
  const process = await startEtcd({ flags });
  cleanups.push(() => process.dispose());
  return process;
}

const embedded = (name = "store"): StoreLocation => ({ kind: "embedded", dir: join(dir, name) });
const inEtcd = (endpoint: string, prefix = PREFIX): StoreLocation => ({
  kind: "etcd",
  address: { endpoints: [endpoint], prefix },
});

/** The store that is there; what it opens is closed at the end, or before by `close`. */
async function open(place: StoreLocation): Promise<Store> {
  const options = { logger: silentLogger, keepHistoryMs: 0 };
  const store =
    place.kind === "embedded"
      ? await openLmdbStore({ ...options, dir: place.dir })
      : await openEtcdStore({ ...options, ...place.address });
  cleanups.push(() => store.close());
  return store;
}

async function within<T>(place: StoreLocation, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await open(place);
  return use(store).finally(() => store.close());
}

const put = (store: Store, key: string, value: string | Buffer, lease = 0) =>
  store.transact({ success: [{ type: "put", key, value: Buffer.from(value), ...(lease ? { lease } : {}) }] });

/** Keys of many sizes, changed, deleted and made again, some on leases. */
async function fill(place: StoreLocation, count = 700): Promise<State> {
  return within(place, async (store) => {
    const { id } = await store.grantLease(3600);
    const other = await store.grantLease(60);
    const writing: Promise<unknown>[] = [];
    for (let n = 0; n < count; n++) {
      const lease = n % 10 === 0 ? id : n % 99 === 0 ? other.id : 0;
      writing.push(put(store, `registry/${n}`, Buffer.alloc((n * 37) % 5000, `${n} `), lease));
      if (n % 3 === 0) writing.push(put(store, `registry/${n}`, `changed ${n}`, lease));
      if (n % 50 === 1) writing.push(store.transact({ success: [{ type: "delete", key: `registry/${n}` }] }));
    }
    await put(store, "käse/\u{1f9c0}", "");
    await put(store, "\uffee", Buffer.alloc(1_400_000, "large"));
    await Promise.all(writing);
    return state(store);
  });
}

/** Values as digests: they are compared often, and the test runner is slow at comparing bytes. */
type Item = Omit<KeyValue, "value"> & { value: string };
interface State {
  revision: number;
  items: Item[];
}

async function state(store: Store): Promise<State> {
  const { items, revision } = await store.range("");
  const digest = (value: Uint8Array) => createHash("sha1").update(value).digest("hex");
  return { items: items.map((item) => ({ ...item, value: digest(item.value) })), revision };
}

/** What must arrive wherever the store goes. */
const contents = (items: readonly Item[]) =>
  items.map(({ key, value, lease }) => `${key} ${value} ${lease === 0 ? "" : "leased"}`);

function migrate(
  from: StoreLocation,
  to: StoreLocation,
  more: Partial<MigrationOptions> = {},
): Promise<MigrationResult> {
  return migrateStore({ from, to, logger: silentLogger, onMoved: async () => {}, ...more });
}

/** A migration in a process of its own; with a failpoint it is killed there. */
function run(from: StoreLocation, to: StoreLocation, failpoints: string): Promise<string> {
  const env = { ...process.env, GANTRY_FAILPOINTS: failpoints };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, JSON.stringify({ from, to })], { env }, (error, stdout, stderr) => {
      resolve(error && error.signal !== "SIGKILL" ? `${stdout}${stderr}` : stdout);
    });
  });
}

describe.skipIf(!hasEtcd)("store migration (needs etcd-server)", { timeout: 60_000 }, () => {
  it("moves the embedded store to etcd: all keys and leases, and revisions that only rise", async () => {
    const { endpoint } = await etcd();
    const [from, to] = [embedded(), inEtcd(endpoint)];
    const before = await fill(from);
    const others = await open(inEtcd(endpoint, "/others/"));
    await put(others, "a", "of others");
    const progress: string[] = [];
    const result = await migrate(from, to, {
      onProgress: ({ phase, done }) => progress.push(`${phase} ${done}`),
    });
    expect(result).toMatchObject({
      keyCount: before.items.length,
      leaseCount: 2,
      sourceRevision: before.revision,
    });
    expect(progress.at(-1)).toBe(`compared ${before.items.length}`);
    expect(result.revision).toBeGreaterThan(before.revision);

    const store = await open(to);
    const after = await state(store);
    expect(contents(after.items)).toEqual(contents(before.items));
    for (const { modRevision } of after.items) expect(modRevision).toBeGreaterThan(before.revision);
    for (const revision of [1, before.revision - 1, before.revision]) {
      await expect(store.range("", { revision })).rejects.toMatchObject({ kind: "Gone" });
      const watch = store
        .watch({ key: "", prefix: true, startRevision: revision + 1 })
        [Symbol.asyncIterator]();
      await expect(watch.next(), `from ${revision}`).rejects.toMatchObject({ code: "Store.Compacted" });
    }
    const watch = store.watch({ key: "", prefix: true, startRevision: result.revision + 1 });
    const next = watch[Symbol.asyncIterator]().next();
    const { revision } = await put(store, "registry/5", "new");
    expect((await next).value).toMatchObject({ revision, events: [{ item: { key: "registry/5" } }] });
    const leased = after.items.find((item) => item.key === "registry/0")!.lease;
    expect(leased).toBe(before.items.find((item) => item.key === "registry/0")!.lease);
    expect(await store.keepLeaseAlive(leased)).toEqual({ ttlSeconds: 3600 });
    await store.revokeLease(leased);
    expect((await store.get("registry/0")).item).toBeUndefined();
    expect((await others.get("a")).item).toBeDefined();
    await store.close();
    // The source is as it was.
    expect(await within(from, state)).toEqual(before);
  });

  it("moves a store in etcd to an embedded one that is the same to its clients", async () => {
    const { endpoint } = await etcd();
    const [from, to] = [inEtcd(endpoint), embedded()];
    const before = await fill(from);
    await within(embedded(), (old) => put(old, "old", "1"));
    const result = await migrate(from, to);
    expect(result).toMatchObject({ revision: before.revision, sourceRevision: before.revision });
    expect(statSync(result.movedTo!).size).toBeGreaterThan(0);
    expect(readdirSync(join(dir, "store")).filter((name) => name.startsWith("tmp-"))).toEqual([]);

    const store = await open(to);
    expect(await state(store)).toEqual(before);
    expect(await store.check()).toEqual([]);
    expect(await store.status()).toMatchObject({
      revision: before.revision,
      compactRevision: before.revision,
    });
    expect(await store.range("", { revision: before.revision })).toMatchObject({
      count: before.items.length,
    });
    await expect(store.range("", { revision: before.revision - 1 })).rejects.toMatchObject({ kind: "Gone" });
    const watch = store.watch({ key: "registry/5", startRevision: before.revision + 1 });
    const next = watch[Symbol.asyncIterator]().next();
    const { revision } = await put(store, "registry/5", "new");
    expect(revision).toBe(before.revision + 1);
    const old = before.items.find((item) => item.key === "registry/5");
    expect((await next).value).toMatchObject({ events: [{ previous: { modRevision: old!.modRevision } }] });
    await store.revokeLease(before.items.find((item) => item.lease !== 0)!.lease);
    await store.compact((await store.status()).revision);
    expect(await store.check()).toEqual([]);
    await store.close();
    expect(await within(from, state)).toEqual(before);
  });

  it("goes from etcd to etcd and back home, and revisions rise all the way", async () => {
    const [first, second] = [await etcd(), await etcd()];
    const places = [
      embedded("a"),
      inEtcd(first.endpoint),
      inEtcd(first.endpoint, "/elsewhere/"),
      inEtcd(second.endpoint),
      embedded("b"),
      inEtcd(second.endpoint, "/again/"),
    ];
    let before = await fill(places[0]!, 50);
    for (const [index, to] of places.entries()) {
      if (index === 0) continue;
      await migrate(places[index - 1]!, to);
      const after = await within(to, async (store) => {
        await put(store, "\uffee", `step ${index}`);
        return state(store);
      });
      expect(contents(after.items).slice(0, -1)).toEqual(contents(before.items).slice(0, -1));
      expect(after.revision).toBeGreaterThan(before.revision);
      before = after;
    }
  });

  describe("killed at any point, and run again", () => {
    it.each([
      ["store-migration-begun=kill", "Store.HalfMigrated"],
      ["store-migration-write=kill@1", "Store.HalfMigrated"],
      ["store-migration-write=kill@4", "Store.HalfMigrated"],
      ["store-migration-write=kill@9", "Store.HalfMigrated"],
      ["store-migration-finish=kill", "Store.HalfMigrated"],
      ["store-migration-compacted=kill", "Store.HalfMigrated"],
      // Whole, but the caller had no time to switch over.
      ["store-migration-release=kill", undefined],
    ])("to etcd, %s", async (failpoints, code) => {
      const { endpoint } = await etcd();
      const [from, to] = [embedded(), inEtcd(endpoint)];
      const before = await fill(from, 800);
      const output = await run(from, to, failpoints);
      expect(output).toBe(code ? "" : "moved\n");
      if (code) await expect(open(to)).rejects.toMatchObject({ code, kind: "Unavailable" });
      expect(await within(from, state)).toEqual(before);
      expect(await run(from, to, "")).toBe("moved\ndone\n");
      const after = await within(to, state);
      expect(contents(after.items)).toEqual(contents(before.items));
      for (const { modRevision } of after.items) expect(modRevision).toBeGreaterThan(before.revision);
      await expect(migrate(from, to)).rejects.toMatchObject({ code: "Store.NotEmpty" });
    });

    it.each([
      "store-migration-write=kill@1",
      "store-migration-write=kill@5",
      "store-migration-finish=kill",
      "store-migration-release=kill",
    ])("to an embedded store, %s", async (failpoints) => {
      const { endpoint } = await etcd();
      const [from, to] = [inEtcd(endpoint), embedded()];
      const before = await fill(from, 800);
      const old = await fill(to, 20);
      const isInPlace = failpoints.includes("release");
      expect(await run(from, to, failpoints)).toBe(isInPlace ? "moved\n" : "");
      expect(await within(to, state)).toEqual(isInPlace ? before : old);
      expect(await run(from, to, "")).toBe("moved\ndone\n");
      expect(await within(to, state)).toEqual(before);
      expect(await within(to, (store) => store.check())).toEqual([]);
    });
  });

  it("takes over what was moved and never used, but nothing that was", async () => {
    const { endpoint } = await etcd();
    const [from, to] = [embedded(), inEtcd(endpoint)];
    await fill(from, 20);
    await run(from, to, "store-migration-release=kill");
    await migrate(from, to);
    await expect(migrate(from, to)).rejects.toMatchObject({
      code: "Store.NotEmpty",
      hint: expect.stringContaining("etcdctl del --prefix '/gantry/'"),
    });
    await within(to, (store) => store.transact({ success: [{ type: "deletePrefix", prefix: "" }] }));
    await run(from, to, "store-migration-release=kill");
    // The first to use it says that it is in use.
    await within(to, (store) => put(store, "mine", "1"));
    await expect(migrate(from, to)).rejects.toMatchObject({ code: "Store.NotEmpty" });
  });

  it("refuses places that are the same, taken, absent or busy", async () => {
    const { endpoint } = await etcd();
    const [from, to] = [embedded(), inEtcd(endpoint)];
    await expect(migrate(from, from)).rejects.toMatchObject({ code: "Store.SameStore" });
    await expect(migrate(from, to)).rejects.toMatchObject({ code: "Store.NotFound" });
    await fill(from, 10);
    await within(to, (store) => put(store, "foreign", "1"));
    await expect(migrate(from, to)).rejects.toMatchObject({ code: "Store.NotEmpty", kind: "AlreadyExists" });
    for (const prefix of [PREFIX, "/gantry/inner/", "/"]) {
      const other = inEtcd(endpoint.replace("127.0.0.1", "127.1"), prefix);
      await expect(migrate(to, other), prefix).rejects.toMatchObject({ code: "Store.SameStore" });
    }
    await expect(migrate(from, inEtcd(endpoint, ""))).rejects.toMatchObject({ code: "Store.BadAddress" });
    await expect(
      migrateStore({
        from,
        to: { kind: "etcd", address: { endpoints: ["127.0.0.1:1"], prefix: PREFIX, requestTimeoutMs: 300 } },
        logger: silentLogger,
        onMoved: async () => {},
      }),
    ).rejects.toMatchObject({ code: "Store.Unreachable" });
    const store = await open(from);
    await expect(migrate(from, inEtcd(endpoint, "/free/"))).rejects.toMatchObject({ code: "Store.Locked" });
    await expect(migrate(to, from)).rejects.toMatchObject({ code: "Store.Locked" });
    await store.close();
  });

  it("names the value that etcd does not take, and makes batches smaller where etcd takes less", async () => {
    const { endpoint } = await etcd("--max-request-bytes=20000", "--max-txn-ops=10");
    const from = embedded();
    await fill(from, 100);
    await expect(migrate(from, inEtcd(endpoint))).rejects.toMatchObject({
      code: "Store.ValueTooLarge",
      message: "the value of \uffee has 1400000 bytes, more than etcd takes",
    });
    await within(from, (store) => put(store, "\uffee", Buffer.alloc(19_000)));
    const before = await within(from, state);
    await migrate(from, inEtcd(endpoint));
    expect(contents((await within(inEtcd(endpoint), state)).items)).toEqual(contents(before.items));
  });

  it("says that etcd is full, and can be run again", async () => {
    const small = await etcd("--quota-backend-bytes=2000000");
    const from = embedded();
    const before = await fill(from, 1200);
    const full = migrate(from, inEtcd(small.endpoint));
    await expect(full).rejects.toMatchObject({ kind: "ResourceExhausted", code: "Store.NoSpace" });
    await expect(open(inEtcd(small.endpoint))).rejects.toMatchObject({ code: "Store.HalfMigrated" });
    const { endpoint } = await etcd();
    await migrate(from, inEtcd(endpoint));
    expect(contents((await within(inEtcd(endpoint), state)).items)).toEqual(contents(before.items));
  });

  it("notices a source that is written to, and a second migration to the same place", async () => {
    const [first, second] = [await etcd(), await etcd()];
    const [from, to] = [inEtcd(first.endpoint), inEtcd(second.endpoint)];
    await fill(from, 300);
    const writer = await open(from);
    for (const write of [
      () => put(writer, "registry/0", "changed"),
      () => put(writer, "zzz", "new"),
      () =>
        writer.transact({
          success: [
            { type: "delete", key: "registry/103" },
            { type: "delete", key: "registry/102" },
          ],
        }),
    ]) {
      let disturbance: Promise<unknown> | undefined;
      const onProgress = () => (disturbance ??= write());
      await expect(migrate(from, to, { onProgress })).rejects.toMatchObject({ code: "Store.SourceChanged" });
      await disturbance;
    }
    let overtaking: Promise<unknown> | undefined;
    const onProgress = () => (overtaking ??= migrate(from, to));
    await expect(migrate(from, to, { onProgress })).rejects.toMatchObject({
      code: "Store.MigrationOvertaken",
    });
    await overtaking;
  });

  it("takes what a second migration has removed for no damage", async () => {
    const [first, second] = [await etcd(), await etcd()];
    const [from, to] = [inEtcd(first.endpoint), inEtcd(second.endpoint)];
    await fill(from, 300);
    const onProgress = async ({ phase, done, total }: MigrationProgress) => {
      if (phase !== "copied" || done < total) return;
      const other = await EtcdTarget.open({
        endpoints: [second.endpoint],
        prefix: PREFIX,
        logger: silentLogger,
      });
      await other.begin(1);
      await other.close();
    };
    await expect(migrate(from, to, { onProgress })).rejects.toMatchObject({
      code: "Store.MigrationOvertaken",
    });
  });

  it("goes on when etcd's answers are lost for a while", async () => {
    const { endpoint } = await etcd();
    const proxy = await startTcpProxy(endpoint);
    cleanups.push(() => proxy.close());
    const from = embedded();
    const before = await fill(from, 800);
    const address = { endpoints: [proxy.endpoint], prefix: PREFIX, requestTimeoutMs: 1000 };
    let hasLost = false;
    const onProgress = () => {
      if (hasLost) return;
      hasLost = true;
      proxy.dropAnswers();
      systemClock.after(300, () => proxy.heal());
    };
    await migrate(from, { kind: "etcd", address }, { onProgress });
    expect(hasLost).toBe(true);
    expect(contents((await within(inEtcd(endpoint), state)).items)).toEqual(contents(before.items));
  });

  it("goes on when a member of etcd's cluster dies", async () => {
    const members = await startEtcdCluster(3);
    for (const member of members) cleanups.push(() => member.dispose());
    const from = embedded();
    const before = await fill(from, 800);
    const to: StoreLocation = {
      kind: "etcd",
      address: { endpoints: members.map((member) => member.endpoint), prefix: PREFIX },
    };
    let killing: Promise<void> | undefined;
    const onProgress = () => {
      killing ??= members[0]!.kill();
    };
    await migrate(from, to, { onProgress });
    await killing;
    expect(contents((await within(to, state)).items)).toEqual(contents(before.items));
  });

  it("does not mind keys of the source that run out meanwhile", async () => {
    const { endpoint } = await etcd();
    const [from, to] = [inEtcd(endpoint), embedded()];
    const writer = await open(from);
    const { id } = await writer.grantLease(60);
    await put(writer, "a", "1", id);
    await put(writer, "b", Buffer.alloc(600_000));
    await put(writer, "c", "1");
    let revoking: Promise<unknown> | undefined;
    const onProgress = () => {
      revoking ??= writer.revokeLease(id);
    };
    await migrate(from, to, { onProgress });
    await revoking;
    const { items } = await within(to, state);
    expect(items.map((item) => item.key)).toEqual(["a", "b", "c"]);
  });
});
