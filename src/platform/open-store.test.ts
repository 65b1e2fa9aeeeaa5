import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger, systemClock } from "../base/index.ts";
import { type PlatformConfig, writeConfig } from "./config.ts";
import { homeLayout } from "./home.ts";
import { openStore } from "./open-store.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gantry-open-store-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const config: PlatformConfig = {
  instanceId: "0a1b2c",
  apiPort: 6443,
  registryPort: 5000,
  nodeName: "node",
  podCidr: "10.244.0.0/24",
  serviceCidr: "10.96.0.0/16",
  loadBalancerCidr: "10.96.255.0/24",
  clusterDomain: "cluster.local",
  store: "embedded",
};

const open = () => openStore(config, homeLayout(home), silentLogger, systemClock);

it("leaves a store that was moved since the configuration was read", async () => {
  writeConfig(home, { ...config, store: "etcd://127.0.0.1:2379/gantry/" });
  await expect(open()).rejects.toMatchObject({ kind: "Unavailable", code: "Store.Moved" });
  writeConfig(home, config);
  // The refused one was closed: its lock is free.
  await (await open()).close();
});
