import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import type { PlatformOptions } from "../cli/index.ts";
import { processIdentity } from "../kernel/index.ts";
import { API_SERVER_FLAGS } from "../kube/apiserver/index.ts";
import { homeLayout, lockHome } from "./home.ts";
import { loadInstance } from "./instance.ts";
import { programFlags } from "./program-flags.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gantry-instance-"));
});
afterEach(() => rmSync(home, { recursive: true }));

type Load = { store?: string; apiPort?: number } & Partial<
  Pick<PlatformOptions, "programFlags" | "configFile" | "ingress">
>;

const load = ({ store, apiPort, ...more }: Load) =>
  loadInstance({
    home,
    apiPort,
    store,
    registryPort: undefined,
    nodeName: undefined,
    nodeIp: undefined,
    nodePortAddresses: undefined,
    components: [],
    logLevel: "info",
    programFlags: { apiServer: {}, controllerManager: {} },
    configFile: undefined,
    role: "up",
    networkBackend: undefined,
    servers: undefined,
    token: undefined,
    schedulerConfigFile: undefined,
    simulatedNodes: 0,
    kubelet: { podManifestPath: undefined, eviction: {} },
    ingress: { isEnabled: undefined, httpPort: undefined, httpsPort: undefined },
    ...more,
  });

it("keeps what an instance decided at its first start, but for the ports that a start names", () => {
  const first = load({});
  expect(first).toMatchObject({ store: "embedded", apiPort: 6443 });
  expect(load({ apiPort: 7443 })).toEqual({ ...first, apiPort: 7443 });
  expect(load({})).toEqual({ ...first, apiPort: 7443 });
});

it("keeps where traffic from outside comes in, and that it does not, until a start says otherwise", () => {
  const none = { isEnabled: undefined, httpPort: undefined, httpsPort: undefined };
  expect(load({})).not.toHaveProperty("ingress");
  load({ ingress: { isEnabled: false, httpPort: 8080, httpsPort: 8443 } });
  expect(load({ ingress: none })).toMatchObject({
    ingress: false,
    ingressHttpPort: 8080,
    ingressHttpsPort: 8443,
  });
  expect(load({ ingress: { ...none, isEnabled: true } })).toMatchObject({
    ingress: true,
    ingressHttpPort: 8080,
  });
});

it("takes what flags of the API server say of the instance, and keeps its Services where they are", () => {
  const flags = (more: Record<string, string[]>) => ({
    programFlags: { apiServer: more, controllerManager: {} },
  });
  const first = load(flags({ "service-cluster-ip-range": ["10.201.0.0/20"], "secure-port": ["7443"] }));
  expect(first).toMatchObject({
    serviceCidr: "10.201.0.0/20",
    loadBalancerCidr: "10.201.15.0/24",
    apiPort: 7443,
  });
  expect(load(flags({ "service-cluster-ip-range": ["10.201.0.0/20"] }))).toEqual(first);
  expect(() => load(flags({ "service-cluster-ip-range": ["10.202.0.0/20"] }))).toThrow(
    /Services of .* are in 10\.201\.0\.0\/20/,
  );
  expect(() => load({ apiPort: 1, ...flags({ "secure-port": ["2"] }) })).toThrow(
    "--api-port is 1 and --secure-port 2",
  );
});

it("gathers flags of the API server: the command line before --config, that before the home", () => {
  const config = load({});
  const kept = { "event-ttl": "1h", "audit-log-path": "a.log", "client-ca-file": "ca" };
  writeFileSync(join(home, "config.yaml"), dump({ ...config, apiServer: kept }));
  const again = load({ apiPort: 7443 });
  expect(again.apiServer).toEqual(kept);
  const configFile = join(home, "sub", "flags.yaml");
  mkdirSync(join(home, "sub"));
  writeFileSync(configFile, dump({ apiServer: { "event-ttl": "2h", "audit-log-path": "b.log" } }));
  const given = {
    home,
    programFlags: { apiServer: { "event-ttl": ["3h"] }, controllerManager: {} },
    configFile,
  };
  expect(programFlags("apiServer", API_SERVER_FLAGS, given, again)).toEqual({
    "event-ttl": ["3h"],
    "audit-log-path": [join(home, "sub", "b.log")],
    "client-ca-file": [join(home, "ca")],
  });
  for (const [text, why] of [
    ["apiServer: {nosuch: 1}", "flags.yaml: apiServer.nosuch: unknown flag: --nosuch"],
    ["other: 1", "flags.yaml: other is not known"],
    ["[", "flags.yaml cannot be read"],
  ]) {
    writeFileSync(configFile, text!);
    expect(() => programFlags("apiServer", API_SERVER_FLAGS, given, again)).toThrow(why);
  }
});

it("does not leave the declared state behind, and follows a cluster whose members change", () => {
  load({ store: "etcd://127.0.0.1:1/a/" });
  const elsewhere = { code: "Platform.StoreElsewhere" };
  for (const store of ["embedded", "etcd://127.0.0.1:1/b/", "etcd://127.0.0.1:1"])
    expect(() => load({ store })).toThrow(expect.objectContaining(elsewhere));
  expect(load({}).store).toBe("etcd://127.0.0.1:1/a/");
  expect(load({ store: "etcd://user:secret@127.0.0.1:2,127.0.0.1:3/a" }).store).toContain(":3/a");
});

it.each(UNREADABLE)("does not take a configuration that cannot be read for none ($name)", ({ strike }) => {
  const first = load({});
  const heal = strike(join(home, "config.yaml"));
  expect(() => load({})).toThrow(/^read .*config\.yaml: /);
  heal();
  expect(load({})).toEqual(first);
});

it.each(DAMAGED)("refuses a damaged configuration ($name)", ({ strike }) => {
  load({});
  strike(join(home, "config.yaml"));
  expect(() => load({})).toThrow(/config\.yaml/);
});

it.each(UNREADABLE)("does not take over a lock that cannot be read ($name)", async ({ strike }) => {
  const layout = homeLayout(home);
  mkdirSync(layout.run);
  const unlock = await lockHome(layout);
  const heal = strike(join(layout.run, "lock"));
  await expect(lockHome(layout)).rejects.toMatchObject({ code: "Record.Unreadable" });
  heal();
  await expect(lockHome(layout)).rejects.toMatchObject({ code: "Platform.AlreadyRunning" });
  unlock();
});

it("takes over a lock that was left by a killed program, or torn, but not one that is just being written", async () => {
  const layout = homeLayout(home);
  mkdirSync(layout.run);
  const lock = join(layout.run, "lock");
  for (const left of ['{"pid":1,"startTime":1}', '{"pid":', ""]) {
    writeFileSync(lock, left);
    (await lockHome(layout))();
  }
  writeFileSync(lock, "");
  const second = lockHome(layout);
  const { startTime } = processIdentity(process.pid)!;
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTime }));
  await expect(second).rejects.toMatchObject({ code: "Platform.AlreadyRunning" });
});
