import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  addAddress,
  addRoute,
  createBridge,
  createVethPair,
  deleteLink,
  deleteLinkAsync,
  findLink,
  hasErrno,
  holdPort,
  inNetworkNamespace,
  isMountPoint,
  listAddresses,
  listLinks,
  listMounts,
  listRoutes,
  mount,
  nft,
  openTcpInNamespace,
  pinNamespaces,
  setLinkUp,
  unpinNamespaces,
  withPrivateMountNamespace,
} from "./index.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-ns-"));
});

afterEach(() => {
  for (const name of ["a", "b"]) unpinNamespaces(join(dir, name));
  rmSync(dir, { recursive: true });
});

it("pins namespaces that outlive the call and ends them", () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  const paths = pinNamespaces(join(dir, "a"), ["net", "uts", "ipc"], { hostname: "pod-one" });
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
  expect(isMountPoint(paths.net)).toBe(true);
  const lo = inNetworkNamespace(paths.net, () => listLinks());
  expect(lo.map((link) => [link.name, link.isUp])).toEqual([["lo", true]]);
  const hostname = spawnSync("nsenter", [`--uts=${paths.uts}`, "hostname"], { encoding: "utf8" });
  expect(hostname.stdout.trim()).toBe("pod-one");
  unpinNamespaces(join(dir, "a"));
  expect(existsSync(join(dir, "a"))).toBe(false);
  expect(listMounts().filter((entry) => entry.mountPoint.startsWith(dir))).toEqual([]);
});

it("leaves a namespace also when what runs inside throws", () => {
  const { net } = pinNamespaces(join(dir, "a"), ["net"]);
  const before = readlinkSync("/proc/thread-self/ns/net");
  expect(() =>
    inNetworkNamespace(net, () => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
  expect(() => inNetworkNamespace(join(dir, "none"), () => 0)).toThrow("ENOENT");
});

it("connects two namespaces by a veth pair and talks TCP between them", async () => {
  const a = pinNamespaces(join(dir, "a"), ["net"]).net;
  const b = pinNamespaces(join(dir, "b"), ["net"]).net;
  inNetworkNamespace(a, () => {
    createVethPair({
      hostName: "left",
      peerName: "right",
      peerNetnsPath: b,
      peerMac: "02:42:0a:09:08:02",
      mtu: 1400,
    });
    addAddress("left", "10.9.8.1/24");
  });
  inNetworkNamespace(b, () => {
    addAddress("right", "10.9.8.2/24");
    setLinkUp("right");
    addRoute({ destination: "0.0.0.0/0", gateway: "10.9.8.1" });
  });
  const seen = inNetworkNamespace(b, () => ({
    link: findLink("right"),
    addresses: listAddresses(),
    routes: listRoutes(),
  }));
  expect(seen.link).toMatchObject({ kind: "veth", mac: "02:42:0a:09:08:02", mtu: 1400, isUp: true });
  expect(seen.addresses).toContainEqual(
    expect.objectContaining({ address: "10.9.8.2", prefixLength: 24, family: "ipv4" }),
  );
  expect(seen.routes.map((route) => [route.destination, route.gateway])).toEqual(
    expect.arrayContaining([
      ["0.0.0.0/0", "10.9.8.1"],
      ["10.9.8.0/24", undefined],
    ]),
  );
  const server = createServer((socket) => socket.end("hello from b"));
  server.listen({ fd: inNetworkNamespace(b, () => holdPort("tcp", "10.9.8.2", 8080)).fd });
  const socket = await openTcpInNamespace(a, 8080, "10.9.8.2");
  let text = "";
  for await (const chunk of socket) text += chunk;
  expect(text).toBe("hello from b");
  server.close();
  await expect(openTcpInNamespace(a, 9, "10.9.8.2")).rejects.toMatchObject({ kind: "Unavailable" });
});

it("makes bridges and removes links, also off the main thread", async () => {
  const { net } = pinNamespaces(join(dir, "a"), ["net"]);
  inNetworkNamespace(net, () => {
    createBridge("br-test", { mac: "02:42:00:00:00:01" });
    expect(() => createBridge("br-test")).toThrow("EEXIST");
    createVethPair({ hostName: "port", peerName: "peer", master: "br-test" });
    const bridge = findLink("br-test")!;
    expect(bridge).toMatchObject({ kind: "bridge", isUp: true, mac: "02:42:00:00:00:01" });
    expect(findLink("port")!.masterIndex).toBe(bridge.index);
    expect(deleteLink("port")).toBe(true);
    expect(deleteLink("port")).toBe(false);
    expect(findLink("peer")).toBeUndefined();
  });
  await inNetworkNamespace(net, () => deleteLinkAsync("br-test"));
  expect(inNetworkNamespace(net, () => findLink("br-test"))).toBeUndefined();
});

it("runs nft in the namespace it is called in, all or nothing", () => {
  const { net } = pinNamespaces(join(dir, "a"), ["net"]);
  inNetworkNamespace(net, () => {
    nft(
      "add table ip t; add map ip t m { type inet_service : ipv4_addr; }; add element ip t m { 80 : 10.0.0.1 }",
    );
    expect(nft("list table ip t")).toContain("80 : 10.0.0.1");
    expect(JSON.parse(nft("list tables", { json: true })).nftables).toHaveLength(2);
    expect(() => nft("add element ip t m { 81 : 10.0.0.2 }\nadd rule ip t missing accept")).toThrow(
      /nftables: .*/,
    );
    expect(nft("list table ip t")).not.toContain("81");
    try {
      nft("delete table ip other");
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ kind: "NotFound", code: "Kernel.NftNotFound" });
    }
  });
  expect(nft("list tables")).not.toContain("table ip t\n");
});

it("keeps what is mounted in a private namespace from the host, and children see it", () => {
  const target = join(dir, "private");
  // Others mount and unmount on this machine meanwhile: only what stays is compared, with its propagation.
  const hostMounts = () => {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    return lines.filter((line) => [target, "/", "/proc", "/sys"].includes(line.split(" ")[4] ?? ""));
  };
  const before = hostMounts();
  const namespace = readlinkSync("/proc/thread-self/ns/mnt");
  const cwd = process.cwd();
  mkdirSync(target);
  const child = withPrivateMountNamespace(() => {
    mount("tmpfs", target, "tmpfs", 0, "size=64k");
    return spawnSync("grep", [target, "/proc/self/mountinfo"], { encoding: "utf8" });
  });
  expect(child.stdout).toContain("tmpfs");
  expect(child.stdout).not.toContain("cgroup2");
  expect(hostMounts()).toEqual(before);
  expect(readlinkSync("/proc/thread-self/ns/mnt")).toBe(namespace);
  expect(process.cwd()).toBe(cwd);
  expect(existsSync("package.json")).toBe(true);
  expect(() =>
    withPrivateMountNamespace(() => {
      mount("none", join(dir, "missing"), "tmpfs", 0);
    }),
  ).toThrow("ENOENT");
  expect(hostMounts()).toEqual(before);
  expect(readlinkSync("/proc/thread-self/ns/mnt")).toBe(namespace);
  expect(hasErrno(new Error("x"), "ENOENT")).toBe(false);
});
