import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLogger, systemClock } from "../../base/index.ts";
import { openCertificates } from "../../kube/apiserver/index.ts";
import { openMemoryStore, type Store } from "../../store/index.ts";
import type { PlatformConfig } from "../config.ts";
import { openCluster } from "./cluster-record.ts";

const logLines: string[] = [];
const logger = createLogger((line) => logLines.push(line), "debug");
const config = (podCidr: string): PlatformConfig => ({
  instanceId: "abcdef",
  apiPort: 6443,
  registryPort: 5000,
  nodeName: "one",
  podCidr,
  serviceCidr: "10.96.0.0/16",
  loadBalancerCidr: "10.96.255.0/24",
  clusterDomain: "cluster.local",
  store: "embedded",
});

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-cluster-"));
  store = await openMemoryStore({ logger });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const open = (home: string, podCidr = "10.244.0.0/16") =>
  openCluster({ store, pkiDir: join(dir, home), config: config(podCidr), logger, clock: systemClock });
const file = (home: string, name: string) => readFileSync(join(dir, home, name), "utf8");

it("takes what a home has, and gives it to the homes of further control planes", async () => {
  const { caPem } = await openCertificates({ pkiDir: join(dir, "first"), serviceAddress: "10.96.0.1" });
  const tokenKey = file("first", "sa.key");
  const settings = await open("first");
  expect(settings).toMatchObject({
    podCidr: "10.244.0.0/16",
    clusterId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });

  expect(await open("second", "10.250.0.0/16")).toEqual(settings);
  expect([file("second", "ca.crt"), file("second", "sa.key")]).toEqual([caPem, tokenKey]);
  expect(statSync(join(dir, "second", "ca.key")).mode & 0o777).toBe(0o600);
  const second = await openCertificates({ pkiDir: join(dir, "second"), serviceAddress: "10.96.0.1" });
  expect(second.caPem).toBe(caPem);
});

it("agrees on one where two control planes start at once", async () => {
  const all = await Promise.all(["a", "b", "c"].map((home, index) => open(home, `10.24${index}.0.0/16`)));
  expect(new Set(all.map((one) => one.podCidr)).size).toBe(1);
  expect(new Set(["a", "b", "c"].map((home) => file(home, "ca.key"))).size).toBe(1);
});

it("writes again what of the keys was lost or damaged on the disk", async () => {
  await open("home");
  const [ca, key] = [file("home", "ca.crt"), file("home", "ca.key")];
  rmSync(join(dir, "home", "ca.key"));
  writeFileSync(join(dir, "home", "ca.crt"), "damaged");
  await open("home");
  expect([file("home", "ca.crt"), file("home", "ca.key")]).toEqual([ca, key]);
  expect(logLines.join("\n")).toContain("the home's key is not the cluster's");
});

it("refuses what a later version wrote", async () => {
  await store.transact({
    success: [{ type: "put", key: "/gantry/cluster", value: Buffer.from('{"version":2}') }],
  });
  await expect(open("home")).rejects.toThrow("the store is of a cluster of version 2");
});
