import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import type { Store } from "../types.ts";
import { EtcdConnection } from "./connection.ts";
import {
  type EtcdProcess,
  type EtcdProcessOptions,
  hasEtcd,
  startEtcd,
} from "./etcd-process.test-support.ts";
import { type EtcdStoreOptions, openEtcdStore } from "./index.ts";
import { HeaderOnlyResponse } from "./messages.ts";

const { bytes, int64, message, one, text } = protobuf;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function etcd(options?: EtcdProcessOptions): Promise<EtcdProcess> {
  const process = await startEtcd(options);
  cleanups.push(() => process.dispose());
  return process;
}

async function open(endpoint: string, options: Partial<EtcdStoreOptions> = {}): Promise<Store> {
  const store = await openEtcdStore({
    endpoints: [endpoint],
    logger: silentLogger,
    requestTimeoutMs: 2000,
    prefix: "/gantry/",
    ...options,
  });
  cleanups.push(() => store.close());
  return store;
}

const put = (store: Store, key: string) =>
  store.transact({ success: [{ type: "put", key, value: Buffer.from("1") }] });

const Permission = message({ permType: int64(1), key: bytes(2), range_end: bytes(3) });
const authMethod = <Q extends Parameters<typeof message>[0]>(name: string, fields: Q) => ({
  path: `/etcdserverpb.Auth/${name}`,
  request: message(fields),
  response: HeaderOnlyResponse,
  write: true,
});
const USER_ADD = authMethod("UserAdd", { name: text(1), password: text(2) });
const USER_GRANT_ROLE = authMethod("UserGrantRole", { user: text(1), role: text(2) });
const ROLE_ADD = authMethod("RoleAdd", { name: text(1) });
const ROLE_GRANT = authMethod("RoleGrantPermission", { name: text(1), perm: one(2, Permission) });
const AUTH_ENABLE = authMethod("AuthEnable", {});

/** Users `root`, `gantry` (its prefix to read and write, all else to read) and `narrow` (its prefix only); passwords as names. */
async function enableAuth(endpoint: string): Promise<void> {
  const connection = new EtcdConnection({
    endpoints: [endpoint],
    clock: systemClock,
    requestTimeoutMs: 5000,
    pingIntervalMs: 10_000,
  });
  const [readWrite, read] = [2, 0];
  const own = { permType: readWrite, key: Buffer.from("/gantry/"), range_end: Buffer.from("/gantry0") };
  const all = { permType: read, key: Buffer.from([0]), range_end: Buffer.from([0]) };
  const permissions = { root: [], gantry: [own, all], narrow: [own] };
  for (const [name, granted] of Object.entries(permissions)) {
    await connection.request(USER_ADD, { name, password: name });
    await connection.request(ROLE_ADD, { name });
    for (const perm of granted) await connection.request(ROLE_GRANT, { name, perm });
    await connection.request(USER_GRANT_ROLE, { user: name, role: name });
  }
  await connection.request(AUTH_ENABLE, {});
  connection.close();
}

describe.skipIf(!hasEtcd)("etcd store with users and TLS (needs etcd-server)", { timeout: 30_000 }, () => {
  it("authenticates, and says clearly when it cannot", async () => {
    const { endpoint } = await etcd();
    await enableAuth(endpoint);
    const store = await open(endpoint, { user: { name: "gantry", password: "gantry" } });
    const { revision } = await put(store, "a");
    expect(await store.get("a")).toMatchObject({ item: { key: "a" }, revision });
    await expect(open(endpoint)).rejects.toMatchObject({ code: "Store.CredentialsNeeded" });
    await expect(open(endpoint, { user: { name: "gantry", password: "wrong" } })).rejects.toMatchObject({
      kind: "Unauthenticated",
      code: "Store.BadCredentials",
    });
    const elsewhere = { user: { name: "gantry", password: "gantry" }, prefix: "/other/" };
    await expect(put(await open(endpoint, elsewhere), "a")).rejects.toMatchObject({
      kind: "PermissionDenied",
      code: "Store.NoPermission",
    });
  });

  it("says what only root may ask of etcd", async () => {
    const { endpoint } = await etcd();
    await enableAuth(endpoint);
    const store = await open(endpoint, { user: { name: "gantry", password: "gantry" } });
    await put(store, "a");
    await expect(store.defragment!()).rejects.toMatchObject({
      kind: "PermissionDenied",
      code: "Store.NoPermission",
      message: "etcd lets only users with the role root do this",
    });
    expect(await store.check()).toMatchObject([{ code: "Check.NotPermitted" }]);
    const root = await open(endpoint, { user: { name: "root", password: "root" } });
    await root.defragment!();
    expect(await root.check()).toEqual([]);
  });

  it("tells a user who may not watch everything", async () => {
    const { endpoint } = await etcd();
    await enableAuth(endpoint);
    const store = await open(endpoint, { user: { name: "narrow", password: "narrow" } });
    const narrow = store.watch({ key: "", prefix: true })[Symbol.asyncIterator]();
    const first = narrow.next();
    await put(store, "a");
    expect((await first).value).toMatchObject({ events: [{ item: { key: "a" } }] });
    const wide = store.watch({ key: "", prefix: true, everyRevision: true })[Symbol.asyncIterator]();
    await expect(wide.next()).rejects.toMatchObject({ kind: "PermissionDenied", code: "Store.NoPermission" });
    await expect(
      open(endpoint, { user: { name: "narrow", password: "narrow" }, forWatchCache: true }),
    ).rejects.toMatchObject({ kind: "PermissionDenied", code: "Store.NoPermission" });
    await open(endpoint, { user: { name: "gantry", password: "gantry" }, forWatchCache: true });
    await put(store, "b");
    expect((await narrow.next()).value).toMatchObject({ events: [{ item: { key: "b" } }] });
    await narrow.return?.();
  });

  it("renews its token when it expires and when etcd has forgotten it, with watches going on", async () => {
    const server = await etcd({ flags: ["--auth-token-ttl=1"] });
    await enableAuth(server.endpoint);
    const store = await open(server.endpoint, { user: { name: "gantry", password: "gantry" } });
    const watch = store.watch({ key: "", prefix: true, startRevision: 2 })[Symbol.asyncIterator]();
    const seen: number[] = [];
    const expected: number[] = [];
    const writeAndSee = async (key: string) => {
      const { revision } = await put(store, key);
      expected.push(revision);
      seen.push((await watch.next()).value!.revision);
    };
    await writeAndSee("a");
    await systemClock.sleep(2500);
    await Promise.all(["x", "y", "z"].map((key) => store.get(key)));
    await writeAndSee("b");
    await server.kill();
    await server.start();
    for (let attempt = 0; attempt < 3; attempt++) await store.get("a").catch(() => {});
    await writeAndSee("c");
    const late = store.watch({ key: "", prefix: true, startRevision: expected[0]! })[Symbol.asyncIterator]();
    expect((await late.next()).value).toMatchObject({ revision: expected[0] });
    expect(seen).toEqual(expected);
    await Promise.all([late.return?.(), watch.return?.()]);
  });

  it("uses credentials where etcd wants none", async () => {
    const { endpoint } = await etcd();
    const store = await open(endpoint, { user: { name: "gantry", password: "gantry" } });
    await put(store, "a");
    expect((await store.range("")).count).toBe(1);
  });

  it("speaks TLS with certificates of both sides, and with nobody else", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gantry-etcd-tls-"));
    cleanups.push(async () => rmSync(dir, { recursive: true }));
    const at = (name: string) => join(dir, name);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
    for (const name of ["ca", "other"]) {
      const subject = ["-subj", `/CN=${name}`, "-days", "2"];
      openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        at(`${name}.key`),
        "-out",
        at(`${name}.pem`),
        ...subject,
      );
    }
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      at("m.key"),
      "-out",
      at("m.csr"),
      "-subj",
      "/CN=m",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    );
    openssl(
      "x509",
      "-req",
      "-in",
      at("m.csr"),
      "-CA",
      at("ca.pem"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-copy_extensions",
      "copy",
      "-out",
      at("m.pem"),
    );
    const flags = [
      `--cert-file=${at("m.pem")}`,
      `--key-file=${at("m.key")}`,
      `--trusted-ca-file=${at("ca.pem")}`,
      "--client-cert-auth",
    ];
    const { endpoint } = await etcd({ scheme: "https", flags });
    const [ca, cert, key, other] = ["ca.pem", "m.pem", "m.key", "other.pem"].map((name) =>
      readFileSync(at(name), "utf8"),
    );
    const store = await open(endpoint, { tls: { ca, cert, key } });
    await put(store, "a");
    expect((await store.get("a")).item).toBeDefined();
    await expect(
      open(endpoint, { tls: { ca: other, cert, key }, requestTimeoutMs: 500 }),
    ).rejects.toMatchObject({
      code: "Store.Unreachable",
      message: expect.stringMatching(/ within 500 ms \(unable to verify the first certificate.*\)$/),
    });
    await expect(open(`http://${endpoint}`, { requestTimeoutMs: 500 })).rejects.toMatchObject({
      kind: "Unavailable",
      message: expect.stringMatching(/ \(it closes the connection; it may want TLS, or no TLS\)$/),
    });
  });
});
