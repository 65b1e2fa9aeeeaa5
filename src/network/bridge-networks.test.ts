import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { newHexId, silentLogger } from "../base/index.ts";
import {
  findLink,
  getSysctl,
  holdPort,
  inNetworkNamespace,
  listLinks,
  listRoutes,
  nft,
  pinNamespaces,
  setSysctl,
  unpinNamespaces,
} from "../kernel/index.ts";
import { BridgeNetworks } from "./index.ts";

let dir: string;
let instanceId: string;
let networks: BridgeNetworks;
const servers: Server[] = [];
const namespaces: string[] = [];
const forwarding = getSysctl("net.ipv4.ip_forward")!;

afterAll(() => setSysctl("net.ipv4.ip_forward", forwarding));

function openNetworks(): BridgeNetworks {
  return new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger: silentLogger });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-network-"));
  instanceId = randomBytes(3).toString("hex");
  networks = openNetworks();
  await networks.open();
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  for (const path of namespaces.splice(0)) unpinNamespaces(path);
  await networks.destroy();
  expect(listLinks().filter(({ name }) => name.startsWith(`gt${instanceId}`))).toEqual([]);
  expect(nft("list tables")).not.toContain(instanceId);
  rmSync(dir, { recursive: true });
});

function newContainer(): { id: string; netns: string } {
  const id = newHexId();
  const path = join(dir, "ns", id.slice(0, 12));
  namespaces.push(path);
  return { id, netns: pinNamespaces(path, ["net"]).net };
}

async function start(network: string, name: string, aliases: string[] = []) {
  const { id, netns } = newContainer();
  const endpoint = await networks.attach({
    network,
    containerId: id,
    containerName: name,
    netnsPath: netns,
    aliases,
  });
  return { id, netns, endpoint };
}

/** A server inside a container that says who asked. */
function serve(netns: string, port: number, text: string): void {
  const hold = inNetworkNamespace(netns, () => holdPort("tcp", "0.0.0.0", port));
  const server = createServer((socket) => socket.end(`${text} ${socket.remoteAddress}`));
  server.listen({ fd: hold.fd });
  servers.push(server);
}

async function readFrom(socket: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

function ask(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, timeout: 1000 });
  socket.on("timeout", () => socket.destroy(new Error("timeout")));
  return readFrom(socket);
}

async function askFrom(netns: string, host: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/tcp/${host}/${port}; cat <&3`;
  const child = spawn("nsenter", [`--net=${netns}`, "timeout", "1", "bash", "-c", script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  return readFrom(child.stdout);
}

describe("networks", () => {
  it("has Docker's three at the start, on a subnet that nobody uses", () => {
    expect(networks.list().map(({ name, driver }) => [name, driver])).toEqual([
      ["bridge", "bridge"],
      ["host", "host"],
      ["none", "none"],
    ]);
    const bridge = networks.get("bridge");
    expect(bridge.subnet).toMatch(/^172\.|^192\.168/);
    expect(networks.find(bridge.id.slice(0, 10))).toBe(bridge);
    expect(() => networks.get("nothing")).toThrow("network nothing not found");
  });

  it("creates networks, refuses bad ones and removes them", async () => {
    const created = await networks.create({ name: "web", labels: { a: "b" } });
    expect(created.subnet).not.toBe(networks.get("bridge").subnet);
    expect(findLink(created.bridgeName!)).toMatchObject({ kind: "bridge", isUp: true });
    const refuse = (request: object, message: string | RegExp) =>
      expect(networks.create({ name: "x", ...request })).rejects.toThrow(message);
    await refuse({ name: "web" }, "network with name web already exists");
    await refuse({ name: "host" }, "operation is not permitted on predefined host network");
    await refuse({ driver: "overlay2" }, 'plugin "overlay2" not found');
    await refuse({ subnet: "10.77.0.1/24" }, "it should be 10.77.0.0/24");
    await refuse({ subnet: "10.77.0.0/24", gateway: "10.78.0.1" }, "invalid gateway");
    await refuse(
      { subnet: "10.77.0.0/24", auxAddresses: { router: "10.78.0.1" } },
      "invalid auxiliary address router: parent subnet 10.77.0.0/24 doesn't contain this address",
    );
    await refuse({ subnet: created.subnet }, "Pool overlaps");
    await refuse({ subnet: "nonsense" }, "invalid subnet");
    const options = (value: string) => ({ options: { "com.docker.network.bridge.name": value } });
    await refuse(options('br0" accept; flush ruleset; "'), "invalid bridge name");
    await refuse(options("lo"), "the link lo exists and is not a bridge");
    expect(findLink("lo")).toBeDefined();
    const { id } = await start("web", "one");
    await expect(networks.remove("web")).rejects.toThrow(
      /network web has active endpoints \(name:"one" id:"/,
    );
    await networks.detach("web", id);
    await networks.remove("web");
    expect(findLink(created.bridgeName!)).toBeUndefined();
    await expect(networks.remove("bridge")).rejects.toThrow("pre-defined network and cannot be removed");
  });

  it("gives addresses, the lowest free one first", async () => {
    const config = await networks.create({ name: "n", subnet: "10.77.1.0/29", gateway: "10.77.1.1" });
    const first = await start("n", "a");
    const second = await start("n", "b");
    expect([first, second].map(({ endpoint }) => endpoint.ip)).toEqual(["10.77.1.2", "10.77.1.3"]);
    expect(first.endpoint).toMatchObject({
      prefixLength: 29,
      gateway: "10.77.1.1",
      mac: "02:42:0a:4d:01:02",
      interfaceName: "eth0",
    });
    await networks.detach("n", first.id);
    await networks.detach("n", first.id);
    expect((await start("n", "c")).endpoint.ip).toBe("10.77.1.2");
    const wanted = newContainer();
    const request = { network: "n", containerId: wanted.id, containerName: "d", netnsPath: wanted.netns };
    await expect(networks.attach({ ...request, ip: "10.77.1.3" })).rejects.toThrow("Address already in use");
    await expect(networks.attach({ ...request, ip: "10.9.1.3" })).rejects.toThrow(
      "no configured subnet contains",
    );
    expect((await networks.attach({ ...request, ip: "10.77.1.6" })).ip).toBe("10.77.1.6");
    await start("n", "e");
    await start("n", "f");
    await expect(start("n", "g")).rejects.toThrow("no available IPv4 addresses");
    expect(config.gateway).toBe("10.77.1.1");
  });

  it("tells who connects and disconnects", async () => {
    const events: string[] = [];
    networks.onEvent((event) => events.push(`${event.action} ${event.networkName}`));
    await networks.create({ name: "n" });
    const { id } = await start("n", "a");
    await networks.detach("n", id);
    await networks.remove("n");
    expect(events).toEqual(["create n", "connect n", "disconnect n", "destroy n"]);
  });
});

describe("traffic", () => {
  it("flows within a network, out of it, and not between two", async () => {
    await networks.create({ name: "one" });
    await networks.create({ name: "two" });
    await networks.create({ name: "closed", internal: true });
    const a = await start("one", "a");
    const b = await start("one", "b");
    const c = await start("two", "c");
    const d = await start("closed", "d");
    const e = await start("closed", "e");
    for (const { netns } of [b, c, e]) serve(netns, 80, "hello");
    expect(await askFrom(a.netns, b.endpoint.ip, 80)).toBe(`hello ${a.endpoint.ip}`);
    expect(await askFrom(a.netns, c.endpoint.ip, 80)).toBe("");
    expect(await askFrom(d.netns, e.endpoint.ip, 80)).toBe(`hello ${d.endpoint.ip}`);
    expect(await askFrom(d.netns, b.endpoint.ip, 80)).toBe("");
    expect(inNetworkNamespace(d.netns, () => listRoutes()).map((route) => route.destination)).not.toContain(
      "0.0.0.0/0",
    );
    expect(await ask(b.endpoint.ip, 80)).toMatch(/^hello /);
  });

  it("reaches published ports from the host's loopback and addresses, from containers, and from itself", async () => {
    await networks.create({ name: "one" });
    await networks.create({ name: "two" });
    const web = await start("one", "web");
    const neighbour = await start("one", "neighbour");
    const stranger = await start("two", "stranger");
    serve(web.netns, 8080, "web");
    const [tcp] = await networks.publishPorts(web.id, web.endpoint.ip, [
      { protocol: "tcp", hostIp: "", hostPort: 0, containerPort: 8080 },
      { protocol: "udp", hostIp: "", hostPort: 0, containerPort: 8080 },
    ]);
    const port = tcp!.hostPort;
    expect(port).toBeGreaterThanOrEqual(32768);
    expect(await ask("127.0.0.1", port)).toBe(`web ${web.endpoint.gateway}`);
    expect(await ask(web.endpoint.gateway, port)).toMatch(/^web /);
    for (const asker of [neighbour, stranger, web]) {
      expect(await askFrom(asker.netns, asker.endpoint.gateway, port)).toMatch(/^web /);
    }
    await networks.unpublishPorts(web.id);
    await expect(ask("127.0.0.1", port)).rejects.toThrow("ECONNREFUSED");
  });

  it("opens nothing to a translation that is not its own", async () => {
    const pods = await networks.openPodNetwork();
    await networks.create({ name: "one" });
    const web = await start("one", "web");
    const pod = await start(pods.networkName, "pod");
    const asker = await start("bridge", "asker");
    for (const { netns } of [web, pod]) serve(netns, 8080, "web");
    const virtual = "198.51.100.7";
    const table = `test_${instanceId}`;
    const rules = (target: string, mark: number) => `
      add table ip ${table}
      delete table ip ${table}
      table ip ${table} {
        chain prerouting {
          type nat hook prerouting priority -95; policy accept;
          ip daddr ${virtual} tcp dport 80 ct mark set ${mark} dnat ip to ${target}:8080
        }
      }`;
    const askThrough = (target: string, mark: number) => {
      nft(rules(target, mark));
      return askFrom(asker.netns, virtual, 80);
    };
    const publish = (hostIp: string) =>
      networks.publishPorts(web.id, web.endpoint.ip, [
        { protocol: "tcp", hostIp, hostPort: 0, containerPort: 8080 },
      ]);
    try {
      expect(await askThrough(web.endpoint.ip, pods.translationMark)).toBe("");
      expect(await askThrough(pod.endpoint.ip, pods.translationMark)).toMatch(/^web /);
      expect(await askThrough(pod.endpoint.ip, pods.translationMark + 1)).toBe("");
      await publish("127.0.0.1");
      expect(await askThrough(web.endpoint.ip, 0)).toBe("");
      await publish("");
      expect(await askThrough(web.endpoint.ip, 0)).toMatch(/^web /);
      await networks.unpublishPorts(web.id);
      expect(await askThrough(web.endpoint.ip, 0)).toBe("");
    } finally {
      nft(`delete table ip ${table}`);
    }
  });

  it("takes no packet from a container that says it is somebody else", async () => {
    const pods = await networks.openPodNetwork();
    const server = createSocket("udp4");
    const heard: string[] = [];
    server.on("message", (message) => heard.push(String(message)));
    await new Promise<void>((resolve) => server.bind(0, "0.0.0.0", resolve));
    try {
      for (const network of ["bridge", pods.networkName]) {
        const { endpoint, netns } = await start(network, "a");
        const inside = (...command: string[]) => spawnSync("nsenter", [`--net=${netns}`, ...command]);
        inside("ip", "address", "add", "203.0.113.5/32", "dev", "eth0");
        for (const source of ["203.0.113.5", endpoint.ip]) {
          const send = `require("node:dgram").createSocket("udp4").bind(0, "${source}", function () {
            this.send("${network} ${source}", ${server.address().port}, "${endpoint.gateway}", () => this.close());
          })`;
          expect(inside(process.execPath, "-e", send).status).toBe(0);
        }
        await expect.poll(() => heard).toContain(`${network} ${endpoint.ip}`);
      }
      expect(heard.filter((text) => text.includes("203.0.113.5"))).toEqual([]);
    } finally {
      server.close();
    }
  });

  it("does not let containers reach the host's loopback", async () => {
    const server = createServer((socket) => socket.end("secret")).listen(0, "127.0.0.1");
    servers.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const a = await start("bridge", "a");
    inNetworkNamespace(a.netns, () => {
      setSysctl("net/ipv4/conf/all/route_localnet", 1);
      setSysctl("net/ipv4/conf/eth0/route_localnet", 1);
    });
    const route = ["ip", "route", "add", "127.0.0.1", "via", a.endpoint.gateway, "table", "7"];
    for (const command of [route, ["ip", "rule", "add", "to", "127.0.0.1", "table", "7", "pref", "0"]]) {
      spawnSync("nsenter", [`--net=${a.netns}`, ...command]);
    }
    spawnSync("nsenter", [`--net=${a.netns}`, "ip", "rule", "del", "pref", "0", "table", "local"]);
    expect(await askFrom(a.netns, "127.0.0.1", port)).toBe("");
  });

  it("refuses a port that somebody has, in Docker's words", async () => {
    const a = await start("bridge", "a");
    const b = await start("bridge", "b");
    const mapping = (hostPort: number) => [
      { protocol: "tcp" as const, hostIp: "", hostPort, containerPort: 80 },
    ];
    const [first] = await networks.publishPorts(a.id, a.endpoint.ip, mapping(0));
    await expect(networks.publishPorts(b.id, b.endpoint.ip, mapping(first!.hostPort))).rejects.toThrow(
      `Bind for 0.0.0.0:${first!.hostPort} failed: port is already allocated`,
    );
    const hold = holdPort("tcp", "127.0.0.1", 0);
    await expect(networks.publishPorts(b.id, b.endpoint.ip, mapping(hold.port))).rejects.toThrow(
      `failed to bind host port for 0.0.0.0:${hold.port}:${b.endpoint.ip}:80/tcp: address already in use`,
    );
    hold.release();
    const on = (hostIp: string) => [{ protocol: "tcp" as const, hostIp, hostPort: 0, containerPort: 80 }];
    await expect(networks.publishPorts(b.id, b.endpoint.ip, on("::1"))).rejects.toMatchObject({
      kind: "NotImplemented",
    });
    await expect(networks.publishPorts(b.id, b.endpoint.ip, on("1.2.3"))).rejects.toThrow(
      "invalid IP address",
    );
    await expect(networks.publishPorts(b.id, b.endpoint.ip, on("203.0.113.9"))).rejects.toThrow(
      "cannot assign requested address",
    );
    const other = openNetworks();
    await networks.publishPorts(b.id, b.endpoint.ip, mapping(hold.port));
    expect(other.list()).toEqual([]);
  });
});

describe("names", () => {
  const lookUp = (netns: string, server: string, name: string) => {
    const conf = join(dir, `resolv-${randomBytes(2).toString("hex")}`);
    writeFileSync(conf, `nameserver ${server}\noptions ndots:0 timeout:1 attempts:1\n`);
    const script = `mount --bind ${conf} /etc/resolv.conf && getent ahostsv4 ${name}`;
    const child = spawn("nsenter", [`--net=${netns}`, "unshare", "-m", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return readFrom(child.stdout);
  };

  it("finds neighbours by name, alias and short id, and nobody elsewhere", async () => {
    await networks.create({ name: "one" });
    await networks.create({ name: "two" });
    const a = await start("one", "asker");
    const b = await start("one", "Web", ["www"]);
    await start("two", "stranger");
    const conf = networks.resolvConf(["one"]);
    expect(conf).toContain(`nameserver ${a.endpoint.gateway}\n`);
    expect(conf).toContain("ndots:0");
    for (const name of ["web", "www", b.id.slice(0, 12), "web.one"]) {
      expect(await lookUp(a.netns, a.endpoint.gateway, name)).toContain(b.endpoint.ip);
    }
    expect(await lookUp(a.netns, a.endpoint.gateway, "stranger")).toBe("");
    networks.rename(b.id, "renamed");
    expect(await lookUp(a.netns, a.endpoint.gateway, "renamed")).toContain(b.endpoint.ip);
  });

  it("are served also where somebody else has port 53", async () => {
    const { gateway } = await networks.create({ name: "one" });
    const a = await start("one", "asker");
    const b = await start("one", "web");
    await networks.close();
    const holds = [holdPort("tcp", gateway!, 53), holdPort("udp", gateway!, 53)];
    networks = openNetworks();
    await networks.open();
    expect(await lookUp(a.netns, gateway!, "web")).toContain(b.endpoint.ip);
    for (const hold of holds) hold.release();
  });

  it("names the host's servers on the default bridge", () => {
    expect(networks.resolvConf(["bridge"], { dns: ["192.0.2.53"], search: ["example.com"] })).toBe(
      "nameserver 192.0.2.53\nsearch example.com\n",
    );
    expect(networks.resolvConf(["bridge"])).toMatch(/^nameserver /);
  });
});

describe("restarts", () => {
  it("goes on where a killed program left off", async () => {
    const config = await networks.create({ name: "one" });
    const web = await start("one", "web");
    const gone = await start("one", "gone");
    serve(web.netns, 8080, "web");
    const [mapping] = await networks.publishPorts(web.id, web.endpoint.ip, [
      { protocol: "tcp", hostIp: "", hostPort: 0, containerPort: 8080 },
    ]);
    // What a kill does: sockets are closed, nothing is cleaned.
    await networks.close();
    nft(`delete table ip gantry_${instanceId}`);
    networks = openNetworks();
    await networks.open();
    await networks.reconcile(new Set([web.id]));
    expect(networks.get("one")).toEqual(config);
    expect(networks.endpoints("one")).toEqual([web.endpoint]);
    expect(findLink(gone.endpoint.hostInterface)).toBeUndefined();
    expect(await ask("127.0.0.1", mapping!.hostPort)).toMatch(/^web /);
    expect(() => holdPort("tcp", "0.0.0.0", mapping!.hostPort)).toThrow("EADDRINUSE");
    expect((await start("one", "next")).endpoint.ip).toBe(gone.endpoint.ip);
  });

  it("writes its table again when somebody has flushed it", async () => {
    const web = await start("bridge", "web");
    serve(web.netns, 8080, "web");
    nft(`delete table ip gantry_${instanceId}`);
    const [mapping] = await networks.publishPorts(web.id, web.endpoint.ip, [
      { protocol: "tcp", hostIp: "127.0.0.1", hostPort: 0, containerPort: 8080 },
    ]);
    expect(await ask("127.0.0.1", mapping!.hostPort)).toMatch(/^web /);
  });
});

describe("pods", () => {
  it("lives on a routed network beside another instance's, on ranges of its own", async () => {
    const pods = await networks.openPodNetwork();
    const otherId = randomBytes(3).toString("hex");
    const other = new BridgeNetworks({
      stateDir: join(dir, "other"),
      instanceId: otherId,
      logger: silentLogger,
    });
    try {
      await other.open();
      await expect(other.openPodNetwork({ podCidr: pods.podCidr })).rejects.toThrow(
        "already in use on this host",
      );
      const otherPods = await other.openPodNetwork();
      expect(otherPods.podCidr).not.toBe(pods.podCidr);
      expect(otherPods.serviceCidr).not.toBe(pods.serviceCidr);
      expect(other.get("bridge").subnet).not.toBe(networks.get("bridge").subnet);
    } finally {
      await other.destroy();
    }
    expect(await networks.openPodNetwork({ podCidr: pods.podCidr })).toEqual(pods);
    expect(networks.list().map(({ name }) => name)).not.toContain(pods.networkName);
    const a = await start(pods.networkName, "a");
    const b = await start(pods.networkName, "b");
    serve(b.netns, 80, "pod");
    expect(await askFrom(a.netns, b.endpoint.ip, 80)).toBe(`pod ${a.endpoint.ip}`);
    expect(await ask(b.endpoint.ip, 80)).toBe(`pod ${pods.gateway}`);
    await networks.publishPorts(b.id, b.endpoint.ip, [
      { protocol: "tcp", hostIp: "", hostPort: 31999, containerPort: 80 },
    ]);
    expect(await ask("127.0.0.1", 31999)).toMatch(/^pod /);
    expect(await askFrom(a.netns, pods.gateway, 31999)).toBe(`pod ${a.endpoint.ip}`);
    expect(await askFrom(b.netns, pods.gateway, 31999)).toBe(`pod ${pods.gateway}`);
    await expect(networks.openPodNetwork({ podCidr: "10.245.9.0/24" })).rejects.toThrow("in use");
    await networks.detach(pods.networkName, a.id);
    expect((await start(pods.networkName, "c")).endpoint.ip).not.toBe(a.endpoint.ip);
  });
});
