import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import { configMaps, type KubeObject, pods, secrets } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { readEncryptionConfig } from "./read-encryption-config.ts";
import type { EncryptionOptions } from "./server-encryption.ts";

const HEADER = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const keyOf = (name: string, bytes = 32) =>
  `{name: ${name}, secret: ${Buffer.alloc(bytes, name).toString("base64")}}`;
const config = (resources: string, ...providers: string[]) =>
  `${HEADER}resources: [{resources: [${resources}], providers: [${providers.join(", ")}]}]\n`;
const gcm = (...names: string[]) => `{aesgcm: {keys: [${names.map((name) => keyOf(name)).join(", ")}]}}`;
const cbc = (...names: string[]) => `{aescbc: {keys: [${names.map((name) => keyOf(name, 16)).join(", ")}]}}`;
const IDENTITY = "{identity: {}}";

const SECRET = "/registry/core/secrets/default/s";
const MAP = "/registry/core/configmaps/default/m";

describe("objects encrypted at rest", () => {
  let store: Store;
  let server: TestServer | undefined;
  beforeEach(async () => {
    store = await openMemoryStore({ logger: silentLogger });
  });
  afterEach(async () => {
    await server?.stop();
    await store.close();
  });

  async function start(text: string | undefined, more: Partial<EncryptionOptions> = {}, clock?: Clock) {
    await server?.stop();
    server = undefined;
    const encryption = text && { transformers: readEncryptionConfig("f", text), ...more };
    server = await startTestServer({
      store,
      ...(encryption ? { encryption } : {}),
      ...(clock ? { clock } : {}),
    });
    return server.client;
  }
  const stored = async (key: string) => Buffer.from((await store.get(key)).item!.value).toString("latin1");
  const create = async (name = "s") => {
    const metadata = { name, namespace: "default" };
    await server!.client.create(secrets, { metadata, stringData: { password: "hunter2" } });
    await server!.client.create(configMaps, { metadata: { ...metadata, name: "m" }, data: { a: "b" } });
  };
  const password = async () => {
    const { data } = await server!.client.get<KubeObject>(secrets, "default", "s");
    return Buffer.from(data.password, "base64").toString();
  };

  it.each([
    ["aesgcm", gcm("key1"), "k8s:enc:aesgcm:v1:key1:"],
    ["aescbc", cbc("key1"), "k8s:enc:aescbc:v1:key1:"],
  ])("are so with %s, and are read and watched as if they were not", async (_name, provider, prefix) => {
    const client = await start(config("secrets", provider));
    await create();
    expect(await stored(SECRET)).toMatch(new RegExp(`^${prefix}`));
    expect(await stored(SECRET)).not.toContain("hunter2");
    expect(await stored(MAP)).toMatch(/^\{"kind":"ConfigMap"/);
    expect(await password()).toBe("hunter2");
    await client.patch(secrets, "default", "s", "merge", { metadata: { labels: { a: "b" } } });
    expect(await stored(SECRET)).toMatch(new RegExp(`^${prefix}`));
    const { items } = await client.list<KubeObject>(secrets, { namespace: "default", labelSelector: "a=b" });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["s"]);
    await start(config("secrets", provider));
    expect(await password()).toBe("hunter2");
  });

  it("are written by the first provider and read by all; what has not changed is written anew", async () => {
    await start(undefined);
    await create();
    expect(await stored(SECRET)).toContain('"kind":"Secret"');
    for (const [text, prefix] of [
      [config("secrets", gcm("old"), IDENTITY), "k8s:enc:aesgcm:v1:old:"],
      [config("secrets", gcm("new", "old")), "k8s:enc:aesgcm:v1:new:"],
      [config("secrets", cbc("new"), gcm("new")), "k8s:enc:aescbc:v1:new:"],
      [config("secrets", IDENTITY, cbc("new")), '{"kind":"Secret"'],
    ] as const) {
      const client = await start(text);
      expect(await password()).toBe("hunter2");
      expect((await stored(SECRET)).startsWith(prefix)).toBe(false);
      const current = await client.get<KubeObject>(secrets, "default", "s");
      const rewritten = await client.update(secrets, current);
      expect((await stored(SECRET)).startsWith(prefix)).toBe(true);
      expect(rewritten.metadata.resourceVersion).not.toBe(current.metadata.resourceVersion);
      const again = await client.update(secrets, rewritten);
      expect(again.metadata.resourceVersion).toBe(rewritten.metadata.resourceVersion);
    }
  });

  it("cannot be read without their key, and not from another place", async () => {
    await start(config("secrets", gcm("key1")));
    await create();
    await server!.stop();
    server = undefined;
    const refusal = (why: string) => `unable to transform key "${SECRET}": ${why}`;
    const plain = "identity transformer tried to read encrypted data";
    await expect(start(undefined)).rejects.toThrow(refusal(plain));
    await expect(start(config("secrets", cbc("key1")))).rejects.toThrow(refusal("no matching prefix found"));
    await expect(start(config("secrets", gcm("key2")))).rejects.toThrow(refusal("no matching prefix found"));
    await expect(start(config("secrets", IDENTITY))).rejects.toThrow(refusal("no matching prefix found"));
    await expect(start(config("pods", gcm("key1")))).rejects.toThrow(refusal(plain));
    const { item } = await store.get(SECRET);
    const moved = `${SECRET}2`;
    await store.transact({ success: [{ type: "put", key: moved, value: item!.value }] });
    await expect(start(config("secrets", gcm("key1")))).rejects.toThrow(
      `unable to transform key "${moved}": cipher: message authentication failed`,
    );
  });

  it("may be those of a group, or all; big ones too, which threads work on", async () => {
    await start(config('"*.*"', gcm("key1")));
    await create();
    await server!.client.create(pods, {
      metadata: { name: "p", namespace: "default" },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    const client = await server!.https();
    const data = { k: "x".repeat(50_000) };
    await client.create(configMaps, { metadata: { name: "big", namespace: "default" }, data });
    expect(await client.get(configMaps, "default", "big")).toMatchObject({ data });
    client.close();
    for (const name of [
      "secrets/default/s",
      "configmaps/default/big",
      "pods/default/p",
      "namespaces/default",
    ])
      expect(await stored(`/registry/core/${name}`)).toMatch(/^k8s:enc:aesgcm:v1:key1:/);
  });

  it("follow their configuration where that is reloaded, and not where it is wrong", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gantry-encryption-"));
    const file = join(dir, "config.yaml");
    const polls: (() => void)[] = [];
    const clock: Clock = Object.assign(Object.create(systemClock) as Clock, {
      every: (ms: number, poll: () => void, options?: { unref?: boolean }) => {
        if (ms === 60_000) polls.push(poll);
        return systemClock.every(ms, poll, options);
      },
    });
    await writeFile(file, config("secrets", gcm("key1")));
    const client = await start(config("secrets", gcm("key1")), { reloadedFrom: file }, clock);
    await create();
    await writeFile(file, config("secrets", gcm("key2", "key1")));
    const writtenAnew = async () => {
      for (const poll of polls) poll();
      await client.patch(secrets, "default", "s", "merge", {
        metadata: { labels: { at: String(Math.random()) } },
      });
      return stored(SECRET);
    };
    await vi.waitFor(async () => expect(await writtenAnew()).toMatch(/^k8s:enc:aesgcm:v1:key2:/));
    await writeFile(file, "nonsense");
    for (let time = 0; time < 3; time++) expect(await writtenAnew()).toMatch(/^k8s:enc:aesgcm:v1:key2:/);
    await rm(dir, { recursive: true });
  });
});
