import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { findLink, listLinks, listRoutes, nft } from "../kernel/index.ts";
import { BridgeNetworks, type ClusterNetwork } from "./index.ts";

let dir: string;
let instanceId: string;
let networks: BridgeNetworks;
let base: string;

const openNetworks = async () => {
  networks = new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger: silentLogger });
  await networks.open();
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-pods-"));
  instanceId = randomBytes(3).toString("hex");
  // Ranges that nobody else has: of a documentation network (RFC 5737) there would be too few.
  base = `10.${200 + (randomBytes(1)[0]! % 40)}`;
  await openNetworks();
});
afterEach(async () => {
  await networks.destroy();
  expect(listLinks().filter(({ name }) => name.startsWith(`gt${instanceId}`))).toEqual([]);
  expect(listRoutes().filter(({ destination }) => destination.startsWith(`${base}.`))).toEqual([]);
  rmSync(dir, { recursive: true });
});

const cluster = (more: Partial<ClusterNetwork> = {}) => ({
  podCidr: `${base}.0.0/16`,
  backend: "vxlan" as const,
  vni: Number.parseInt(instanceId, 16) % 0xffffff,
  nodeAddress: "192.0.2.1",
  ...more,
});
const open = (more: Partial<ClusterNetwork> = {}) =>
  networks.openPodNetwork({ podCidr: `${base}.1.0/24`, cluster: cluster(more) });
const peer = (at: number, nodeAddress = `192.0.2.${at}`) => ({ podCidr: `${base}.${at}.0/24`, nodeAddress });

const overlay = () => `gt${instanceId}-vxlan`;
/** `range via gateway` of the ways to other nodes. */
const ways = () =>
  listRoutes()
    .filter(({ destination, gateway }) => destination.startsWith(`${base}.`) && gateway !== undefined)
    .map(({ destination, gateway }) => `${destination} via ${gateway}`)
    .sort();
const forwarding = () =>
  spawnSync("bridge", ["fdb", "show", "dev", overlay()], { encoding: "utf8" })
    .stdout.trim()
    .split("\n")
    .map((line) => /^(\S+) dst (\S+)/.exec(line)?.slice(1).join(" "))
    .filter(Boolean)
    .sort();
const rules = () => nft(`list table ip gantry_${instanceId}`);

describe("the way to other nodes' pods by VXLAN", () => {
  it("is one route and one entry a node, and follows them", async () => {
    await open();
    expect(findLink(overlay())).toBeUndefined();
    networks.routePods([peer(2), peer(3)]);
    expect(findLink(overlay())).toMatchObject({
      kind: "vxlan",
      mtu: findLink("eth0") ? expect.any(Number) : 1450,
    });
    expect(ways()).toEqual([`${base}.2.0/24 via ${base}.2.0`, `${base}.3.0/24 via ${base}.3.0`]);
    const mac = (at: number) => `02:42:0a:${Number(base.slice(3)).toString(16)}:0${at}:00`;
    expect(forwarding()).toEqual([`${mac(2)} 192.0.2.2`, `${mac(3)} 192.0.2.3`]);

    networks.routePods([peer(3, "192.0.2.33")]);
    expect(ways()).toEqual([`${base}.3.0/24 via ${base}.3.0`]);
    expect(forwarding()).toEqual([`${mac(3)} 192.0.2.33`]);
  });

  it("lasts while the program is away, and is made anew where it is gone", async () => {
    await open();
    networks.routePods([peer(2)]);
    await networks.close();
    const before = findLink(overlay())?.index;
    await openNetworks();
    expect(rules()).toContain(`iifname "${overlay()}"`);
    await open();
    expect(findLink(overlay())?.index).toBe(before);
    expect(ways()).toEqual([`${base}.2.0/24 via ${base}.2.0`]);

    spawnSync("ip", ["link", "del", overlay()]);
    await open();
    expect(ways()).toEqual([`${base}.2.0/24 via ${base}.2.0`]);
    expect(forwarding()).toHaveLength(1);
  });

  it("leaves another address with the node", async () => {
    await open();
    networks.routePods([peer(2)]);
    await open({ nodeAddress: "192.0.2.9" });
    const shown = spawnSync("ip", ["-d", "link", "show", overlay()], { encoding: "utf8" }).stdout;
    expect(shown).toContain("local 192.0.2.9");
    expect(ways()).toHaveLength(1);
  });

  it("is there once on a machine", async () => {
    await open();
    networks.routePods([peer(2)]);
    const otherId = randomBytes(3).toString("hex");
    const other = new BridgeNetworks({
      stateDir: join(dir, "other"),
      instanceId: otherId,
      logger: silentLogger,
    });
    try {
      await other.open();
      await other.openPodNetwork({ cluster: cluster() });
      expect(() => other.routePods([peer(2)])).toThrow(
        "another VXLAN device of this machine has the cluster's network",
      );
    } finally {
      await other.destroy();
    }
  });

  it("is for pods only, does not hide who they are, and comes from other nodes only", async () => {
    await open();
    networks.routePods([peer(2), peer(3)]);
    const vni = (Number.parseInt(instanceId, 16) % 0xffffff).toString(16);
    expect(rules()).toMatch(
      new RegExp(`udp dport 4789 @th,96,24 0x0*${vni} ip saddr != { 192.0.2.2, 192.0.2.3 } drop`),
    );
    expect(rules()).toContain(`iifname "${overlay()}" drop`);
    expect(rules()).toContain(`ip daddr ${base}.0.0/16 reject with icmp host-unreachable`);
    expect(rules()).toMatch(
      new RegExp(`ip saddr ${base}.1.0/24 oifname != "\\S+" ip daddr != ${base}.0.0/16 masquerade`),
    );
  });
});

describe("the way by plain routes", () => {
  it("leads over a link that both are on, and nowhere else", async () => {
    const link = `gt${instanceId}-lan`;
    const lan = `10.199.${randomBytes(1)[0]}`;
    spawnSync("ip", ["link", "add", link, "type", "veth", "peer", "name", `gt${instanceId}-end`]);
    spawnSync("ip", ["link", "set", `gt${instanceId}-end`, "up"]);
    spawnSync("ip", ["addr", "add", `${lan}.1/24`, "dev", link]);
    spawnSync("ip", ["link", "set", link, "up"]);
    await open({ backend: "host-gw" });
    expect(findLink(overlay())).toBeUndefined();
    networks.routePods([peer(2, `${lan}.2`), peer(3, "198.51.100.7")]);
    expect(ways()).toContain(`${base}.2.0/24 via ${lan}.2`);
    expect(rules()).toContain(`${lan}.2`);
    networks.routePods([]);
    expect(ways()).toEqual([]);
  });

  it("takes the place of the other way, and the other way round", async () => {
    await open();
    networks.routePods([peer(2)]);
    await open({ backend: "host-gw" });
    expect([ways(), findLink(overlay())]).toEqual([[], undefined]);
    await open();
    networks.routePods([peer(2)]);
    expect(findLink(overlay())?.kind).toBe("vxlan");
    networks.routePods([]);
    expect(findLink(overlay())).toBeUndefined();
  });
});
