import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { newHexId, silentLogger } from "../../base/index.ts";
import {
  getSysctl,
  holdPort,
  inNetworkNamespace,
  nft,
  pinNamespaces,
  setSysctl,
  unpinNamespaces,
} from "../../kernel/index.ts";
import { BridgeNetworks, type PodNetwork } from "../../network/index.ts";
import { KubeProxy, type KubeProxyOptions, type LeavingPod, serviceTableName } from "./index.ts";
import { LocalInformers, type SliceEndpoint, service, slice } from "./testing/local-informers.ts";

const forwarding = getSysctl("net.ipv4.ip_forward")!;
afterAll(() => setSysctl("net.ipv4.ip_forward", forwarding));

let dir: string;
let instanceId: string;
let networks: BridgeNetworks;
let pods: PodNetwork;
let informers: LocalInformers;
let proxy: KubeProxy;
let stopping: AbortController;
let stopped: Promise<void>;
const closers: (() => void)[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-proxy-"));
  instanceId = randomBytes(3).toString("hex");
  networks = new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger: silentLogger });
  await networks.open();
  pods = await networks.openPodNetwork();
  informers = new LocalInformers();
  await startProxy();
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await stopProxy();
  proxy.destroy();
  await networks.destroy();
  expect(nft("list tables")).not.toContain(instanceId);
  rmSync(dir, { recursive: true });
});

async function startProxy(more: Partial<KubeProxyOptions> = {}): Promise<void> {
  proxy = new KubeProxy({
    informers,
    nodeName: "node-1",
    instanceId,
    podNetwork: pods,
    logger: silentLogger,
    ...more,
  });
  stopping = new AbortController();
  await new Promise<void>((ready) => {
    stopped = proxy.run({ signal: stopping.signal, ready });
  });
}

async function stopProxy(): Promise<void> {
  stopping.abort();
  await stopped;
}

interface TestPod {
  ip: string;
  netns: string;
  stop: () => void;
}

/** With a server on port 80 that says its name and who asked. */
async function startPod(name: string, network = pods.networkName): Promise<TestPod> {
  const path = join(dir, "ns", name);
  const { net } = pinNamespaces(path, ["net"]);
  closers.push(() => unpinNamespaces(path));
  const endpoint = await networks.attach({
    network,
    containerId: newHexId(),
    containerName: name,
    netnsPath: net,
  });
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`${name} ${socket.remoteAddress}\n`);
  });
  server.listen({ fd: inNetworkNamespace(net, () => holdPort("tcp", "0.0.0.0", 80)).fd });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  closers.push(stop);
  return { ip: endpoint.ip, netns: net, stop };
}

function endpoint(
  pod: TestPod,
  conditions: SliceEndpoint["conditions"] = { ready: true },
  nodeName = "node-1",
): SliceEndpoint {
  return { addresses: [pod.ip], conditions, nodeName };
}

/** An address of the Services' range. */
function serviceIp(last: number): string {
  return pods.serviceCidr.replace(/0\/\d+$/, String(last));
}

/** First line that a server says, or the reason why there is none. */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 700 });
    const finish = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.on("timeout", () => finish("timeout"));
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on("data", (chunk) => finish(String(chunk).trim()));
  });
}

async function askFrom(pod: TestPod, host: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/tcp/${host}/${port} && head -1 <&3`;
  const child = spawn("nsenter", [`--net=${pod.netns}`, "timeout", "1", "bash", "-c", script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text.trim();
}

/** Opens connections without pause, on a thread of its own: the kernel takes them while rules are written. */
function startKnocking(
  host: string,
  port: number,
): () => Promise<{ connections: number; failures: string[] }> {
  const worker = new Worker(
    `const { connect } = require("node:net");
     const { parentPort, workerData: to } = require("node:worker_threads");
     const result = { connections: 0, failures: [] };
     let isStopping = false;
     parentPort.once("message", () => { isStopping = true; });
     const knock = () => new Promise((resolve) => {
       const socket = connect(to);
       socket.on("connect", () => { result.connections++; socket.resetAndDestroy(); resolve(); });
       socket.on("error", (error) => { result.failures.push(error.message); resolve(); });
     });
     const work = async () => { while (!isStopping) await knock(); };
     Promise.all([work(), work(), work(), work()]).then(() => parentPort.postMessage(result));`,
    { eval: true, workerData: { host, port } },
  );
  closers.push(() => void worker.terminate());
  return async () => {
    worker.postMessage("stop");
    const [result] = await once(worker, "message");
    return result;
  };
}

async function answerers(host: string, port: number, times = 24): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < times; i++) names.add((await ask(host, port)).split(" ")[0]!);
  return [...names].sort();
}

const servicesTable = () => nft(`list table ip ${serviceTableName(instanceId)}`);

/** The rules follow within some milliseconds. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

it("spreads connections over ready endpoints, from the host and from pods, and follows changes", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(10);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ name: "http", port: 8080 }] }));
  await settle();
  expect(await ask(ip, 8080)).toBe("ECONNREFUSED");
  expect(await ask(ip, 8081)).toBe("ECONNREFUSED");
  expect(await ask(serviceIp(99), 80)).toMatch(/EHOSTUNREACH|ECONNREFUSED/);
  informers.put(
    "endpointslices",
    slice("web-1", "web", { name: "http", port: 80 }, [endpoint(a), endpoint(b, { ready: false })]),
  );
  await settle();
  expect(await answerers(ip, 8080, 8)).toEqual(["a"]);
  expect(await ask(ip, 8080)).toBe(`a ${pods.gateway}`);
  expect(await askFrom(b, ip, 8080)).toBe(`a ${b.ip}`);
  // A pod that reaches itself sees the node's address.
  expect(await askFrom(a, ip, 8080)).toBe(`a ${pods.gateway}`);
  expect(await askFrom(b, ip, 8081)).toBe("");
  informers.put("endpointslices", slice("web-2", "web", { name: "http", port: 80 }, [endpoint(b)]));
  await settle();
  expect(await answerers(ip, 8080)).toEqual(["a", "b"]);
  informers.delete("endpointslices", "default/web-1");
  await settle();
  expect(await answerers(ip, 8080, 8)).toEqual(["b"]);
  informers.delete("services", "default/web");
  await settle();
  expect(await ask(ip, 8080)).toMatch(/EHOSTUNREACH|ECONNREFUSED/);
  await expect.poll(servicesTable, { timeout: 3_000 }).not.toContain("chain svc_");
});

it("leads containers of other networks to pods, and nobody to a container that publishes nothing", async () => {
  const pod = await startPod("pod");
  const container = await startPod("container", "bridge");
  await networks.create({ name: "other" });
  const stranger = await startPod("stranger", "other");
  for (const [last, target] of [pod, container].entries()) {
    const name = `web-${last}`;
    informers.put("services", service(name, { clusterIP: serviceIp(20 + last), ports: [{ port: 80 }] }));
    informers.put("endpointslices", slice(name, name, { port: 80 }, [endpoint(target)]));
  }
  await settle();
  expect(await askFrom(container, serviceIp(20), 80)).toMatch(/^pod /);
  expect(await askFrom(stranger, serviceIp(20), 80)).toMatch(/^pod /);
  expect(await askFrom(pod, serviceIp(21), 80)).toBe("");
  expect(await askFrom(stranger, serviceIp(21), 80)).toBe("");
});

it("loses no connection while a Service's endpoints change", async () => {
  const [a, b, c] = [await startPod("a"), await startPod("b"), await startPod("c")];
  const ip = serviceIp(18);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a)]));
  await settle();
  const stop = startKnocking(ip, 80);
  const shapes = [
    [endpoint(a), endpoint(b), endpoint(c)],
    [endpoint(b), endpoint(c)],
    [endpoint(a), endpoint(c)],
  ];
  for (let change = 0; change < 1500; change++) {
    informers.put("endpointslices", slice("s", "web", { port: 80 }, shapes[change % shapes.length]!));
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  const { connections, failures } = await stop();
  expect(failures).toEqual([]);
  expect(connections).toBeGreaterThan(2_000);
}, 60_000);

it("spreads connections evenly over many endpoints", async () => {
  const addresses = Array.from({ length: 70 }, (_, index) => `198.18.55.${index + 100}`);
  const onLoopback = (verb: string) =>
    execFileSync("ip", ["-batch", "-"], {
      input: addresses.map((address) => `address ${verb} ${address}/32 dev lo\n`).join(""),
    });
  onLoopback("add");
  closers.push(() => onLoopback("del"));
  const server = createServer((socket) => socket.end(`${socket.localAddress}\n`)).listen(0, "0.0.0.0");
  closers.push(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ip = serviceIp(19);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80, targetPort: port }] }));
  const endpoints = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }));
  informers.put("endpointslices", slice("s", "web", { port }, endpoints));
  await settle();
  const counts = new Map<string, number>();
  for (let i = 0; i < 1400; i++) {
    const address = await ask(ip, 80);
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(addresses.sort());
  // 20 each, with a standard deviation of 4.5.
  expect(Math.max(...counts.values())).toBeLessThan(60);
}, 60_000);

it("leaves established connections alone, and falls back on endpoints that terminate", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(11);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a)]));
  await settle();
  const socket = connect(80, ip);
  await new Promise((resolve) => socket.once("data", resolve));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(b)]));
  await settle();
  expect(await answerers(ip, 80, 4)).toEqual(["b"]);
  let isClosed = false;
  socket.on("close", () => {
    isClosed = true;
  });
  await new Promise((resolve) => socket.write("still there?", resolve));
  await settle();
  expect(isClosed).toBe(false);
  socket.destroy();
  const ending = { ready: false, serving: true, terminating: true };
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a, ending), endpoint(b)]));
  await settle();
  expect(await answerers(ip, 80, 6)).toEqual(["b"]);
  informers.put(
    "endpointslices",
    slice("s", "web", { port: 80 }, [endpoint(a, ending), endpoint(b, { ready: false })]),
  );
  await settle();
  expect(await answerers(ip, 80, 6)).toEqual(["a"]);
});

it("serves node ports, external and load balancer addresses with their policies", async () => {
  const a = await startPod("a");
  const c = await startPod("c");
  const [clusterIP, external, balancer] = [serviceIp(12), serviceIp(200), serviceIp(201)];
  const nodePort = 30_000 + (Number.parseInt(instanceId.slice(0, 3), 16) % 2000);
  const status = { loadBalancer: { ingress: [{ ip: balancer }] } };
  const spec = { clusterIP, type: "LoadBalancer", externalIPs: [external], ports: [{ port: 80, nodePort }] };
  informers.put("services", service("web", spec, { status }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a)]));
  await settle();
  expect(await ask("127.0.0.1", nodePort)).toBe(`a ${pods.gateway}`);
  expect(await ask(pods.gateway, nodePort)).toBe(`a ${pods.gateway}`);
  expect(await askFrom(c, pods.gateway, nodePort)).toBe(`a ${c.ip}`);
  for (const ip of [external, balancer]) expect(await ask(ip, 80)).toMatch(/^a /);
  // Policy Local without an endpoint here: insiders still reach the one elsewhere.
  informers.put("services", service("web", { ...spec, externalTrafficPolicy: "Local" }, { status }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a, { ready: true }, "node-2")]));
  await settle();
  expect(await askFrom(c, balancer, 80)).toBe(`a ${c.ip}`);
  informers.put("services", service("web", { ...spec, internalTrafficPolicy: "Local" }, { status }));
  await settle();
  expect(await ask(clusterIP, 80)).toMatch(/timeout|EPERM/);
  informers.put(
    "services",
    service("web", { ...spec, loadBalancerSourceRanges: ["203.0.113.0/24"] }, { status }),
  );
  await settle();
  expect(await askFrom(c, balancer, 80)).toBe("");
  expect(await askFrom(c, external, 80)).toMatch(/^a /);
  informers.put("endpointslices", slice("s", "web", { port: 80 }, []));
  await settle();
  expect(await ask("127.0.0.1", nodePort)).toBe("ECONNREFUSED");
});

it("serves node ports at the addresses that are named, and no others", async () => {
  await stopProxy();
  await startProxy({ nodePortCidrs: ["203.0.113.0/24", `${pods.gateway}/32`] });
  const a = await startPod("a");
  const nodePort = 30_000 + (Number.parseInt(instanceId.slice(0, 3), 16) % 2000);
  const spec = { clusterIP: serviceIp(13), type: "NodePort", ports: [{ port: 80, nodePort }] };
  informers.put("services", service("web", spec));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a)]));
  await expect.poll(() => ask(pods.gateway, nodePort), { timeout: 10_000 }).toBe(`a ${pods.gateway}`);
  expect(await ask("127.0.0.1", nodePort)).toBe("ECONNREFUSED");
});

it("keeps a node's connections in its zone, as soon as the zone is known", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(14);
  const hinted = (pod: TestPod, name: string) => ({ ...endpoint(pod), hints: { forZones: [{ name }] } });
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [hinted(a, "east"), hinted(b, "west")]));
  await expect.poll(() => answerers(ip, 80, 40), { timeout: 10_000 }).toEqual(["a", "b"]);
  const labels = { "topology.kubernetes.io/zone": "west" };
  informers.put("nodes", { metadata: { name: "node-1", labels } });
  await expect.poll(() => answerers(ip, 80, 40), { timeout: 10_000 }).toEqual(["b"]);
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [hinted(a, "east"), endpoint(b)]));
  await expect.poll(() => answerers(ip, 80, 40), { timeout: 10_000 }).toEqual(["a", "b"]);
});

it("keeps a client with its endpoint where the Service asks for it", async () => {
  const all = [await startPod("a"), await startPod("b"), await startPod("c")];
  const ip = serviceIp(13);
  const spec = { clusterIP: ip, sessionAffinity: "ClientIP", ports: [{ port: 80 }] };
  informers.put("services", service("web", spec));
  informers.put(
    "endpointslices",
    slice(
      "s",
      "web",
      { port: 80 },
      all.map((pod) => endpoint(pod)),
    ),
  );
  await settle();
  const [name, ...others] = await answerers(ip, 80, 10);
  expect(others).toEqual([]);
  const rest = all.filter((_, index) => "abc"[index] !== name);
  informers.put(
    "endpointslices",
    slice(
      "s",
      "web",
      { port: 80 },
      [...rest.slice(1), ...all.filter((pod) => !rest.includes(pod))].map((pod) => endpoint(pod)),
    ),
  );
  await settle();
  expect(await answerers(ip, 80, 6)).toEqual([name]);
  informers.put(
    "endpointslices",
    slice(
      "s",
      "web",
      { port: 80 },
      rest.map((pod) => endpoint(pod)),
    ),
  );
  await settle();
  expect(await answerers(ip, 80, 6)).toHaveLength(1);
});

it("leads UDP away from an endpoint that is gone, also for a client that keeps its port", async () => {
  const all = [await startPod("a"), await startPod("b")];
  const { spawnSync } = await import("node:child_process");
  expect(spawnSync("true").status).toBe(0);
  for (const [index, pod] of all.entries()) {
    const script = `const s=require("dgram").createSocket("udp4");s.on("message",(m,f)=>s.send("${"ab"[index]}",f.port,f.address));s.bind(53,()=>console.log("up"))`;
    const child = spawn("nsenter", [`--net=${pod.netns}`, process.execPath, "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    closers.push(() => child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
  }
  const ip = serviceIp(14);
  const udp = { name: "dns", port: 53, protocol: "UDP" };
  informers.put("services", service("dns", { clusterIP: ip, ports: [{ ...udp, port: 5353 }] }));
  informers.put("endpointslices", slice("s", "dns", udp, [endpoint(all[0]!)]));
  await settle();
  const client: UdpSocket = createSocket("udp4");
  closers.push(() => client.close());
  const askUdp = () =>
    new Promise((resolve) => {
      client.once("message", (message) => resolve(String(message)));
      client.send("?", 5353, ip);
      setTimeout(() => resolve("timeout"), 500);
    });
  expect(await askUdp()).toBe("a");
  informers.put("endpointslices", slice("s", "dns", udp, [endpoint(all[1]!)]));
  await settle();
  expect(await askUdp()).toBe("b");
});

it("keeps serving while the program restarts, and writes its table again when somebody flushed it", async () => {
  const a = await startPod("a");
  const ip = serviceIp(15);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a)]));
  await settle();
  await stopProxy();
  expect(await ask(ip, 80)).toMatch(/^a /);
  await startProxy();
  expect(await ask(ip, 80)).toMatch(/^a /);
  nft(`delete table ip gantry_${instanceId}_kube`);
  informers.put("services", service("other", { clusterIP: serviceIp(16), ports: [{ port: 80 }] }));
  await expect.poll(() => ask(ip, 80), { timeout: 3000 }).toMatch(/^a /);
});

/** An endpoint that is known to be a pod's. */
function ofPod(pod: TestPod, uid: string, conditions: SliceEndpoint["conditions"]): SliceEndpoint {
  return { ...endpoint(pod, conditions), targetRef: { kind: "Pod", uid } };
}

function leaving(uid: string, more: Partial<LeavingPod> = {}): LeavingPod {
  return { uid, namespace: "default", labels: {}, isListed: false, ...more };
}

/** Whether a promise has been fulfilled so far. */
function watched(promise: Promise<void>): { done: boolean } {
  const state = { done: false };
  promise.then(
    () => (state.done = true),
    () => {},
  );
  return state;
}

it("loses no connection, and forgets no client's endpoint, when it starts anew", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const [ip, sticky] = [serviceIp(24), serviceIp(25)];
  const ports = [{ port: 80 }];
  informers.put("services", service("web", { clusterIP: ip, ports }));
  informers.put("services", service("kept", { clusterIP: sticky, ports, sessionAffinity: "ClientIP" }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(a), endpoint(b)]));
  informers.put("endpointslices", slice("k", "kept", { port: 80 }, [endpoint(a), endpoint(b)]));
  await settle();
  const before = await ask(sticky, 80);
  const stop = startKnocking(ip, 80);
  for (let start = 0; start < 400; start++) {
    await stopProxy();
    await startProxy();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { connections, failures } = await stop();
  expect(failures).toEqual([]);
  expect(connections).toBeGreaterThan(1_000);
  expect(await answerers(sticky, 80)).toEqual([before.split(" ")[0]]);
  // What has changed meanwhile is made good: here one Service's end, another's endpoints, and a new one.
  await stopProxy();
  informers.delete("services", "default/kept");
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [endpoint(b)]));
  informers.put("services", service("more", { clusterIP: serviceIp(26), ports: [{ port: 8080 }] }));
  informers.put("endpointslices", slice("m", "more", { port: 80 }, [endpoint(a)]));
  await startProxy();
  expect(await answerers(ip, 80)).toEqual(["b"]);
  expect(await ask(serviceIp(26), 8080)).toMatch(/^a /);
  expect(await ask(sticky, 80)).toMatch(/EHOSTUNREACH|ECONNREFUSED/);
  await expect.poll(servicesTable, { timeout: 3_000 }).not.toMatch(/\b(aff|ep)_/);
}, 60_000);

it("leads to a pod that goes away no more, whatever the slices say of it", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(17);
  const signal = AbortSignal.timeout(5_000);
  const both = [ofPod(a, "uid-a", { ready: true }), ofPod(b, "uid-b", { ready: true })];
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, both));
  await settle();
  expect(await answerers(ip, 80)).toEqual(["a", "b"]);
  const left = proxy.untilPodLeft(leaving("uid-a"), signal);
  const state = watched(left);
  await settle();
  expect(await answerers(ip, 80)).toEqual(["b"]);
  // Written by one who had not heard of it yet.
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [...both]));
  await settle();
  expect(await answerers(ip, 80)).toEqual(["b"]);
  expect(state.done).toBe(false);
  const ending = { ready: false, serving: true, terminating: true };
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", ending), both[1]!]));
  await left;
  // Where nobody has the duty to say so.
  const unmanaged = slice("s", "web", { port: 80 }, both);
  const metadata = { ...unmanaged.metadata, labels: { "kubernetes.io/service-name": "web" } };
  informers.put("endpointslices", { ...unmanaged, metadata });
  await proxy.untilPodLeft(leaving("uid-a"), signal);
  expect(await answerers(ip, 80)).toEqual(["b"]);
});

it("leads to no pod that went away before a slice named it", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(18);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(b, "uid-b", { ready: true })]));
  await settle();
  await proxy.untilPodLeft(leaving("uid-a"), AbortSignal.timeout(5_000));
  const both = [ofPod(a, "uid-a", { ready: true }), ofPod(b, "uid-b", { ready: true })];
  informers.put("endpointslices", slice("s", "web", { port: 80 }, both));
  await settle();
  expect(await answerers(ip, 80)).toEqual(["b"]);
});

it("waits for the slices of all Services that select a pod, be it in them yet or not", async () => {
  const a = await startPod("a");
  const spec = { clusterIP: serviceIp(22), ports: [{ port: 80 }] };
  informers.put("services", service("web", { ...spec, selector: { app: "web" } }));
  informers.put("services", service("gone", { ...spec, selector: { app: "web", tier: "front" } }));
  informers.put("services", service("other", { ...spec, selector: { app: "other" } }));
  informers.put("services", service("bare", spec));
  await settle();
  const labels = { app: "web", tier: "front" };
  const left = proxy.untilPodLeft(leaving("uid-a", { labels, isListed: true }), AbortSignal.timeout(5_000));
  const state = watched(left);
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", { ready: true })]));
  await settle();
  const ending = { ready: false, serving: true, terminating: true };
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", ending)]));
  await settle();
  expect(state.done).toBe(false);
  informers.delete("services", "default/gone");
  await left;
});

it("keeps the last pod in use until it is said what takes its place, or that nothing does", async () => {
  const [a, b] = [await startPod("a"), await startPod("b")];
  const ip = serviceIp(19);
  const signal = AbortSignal.timeout(5_000);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", { ready: true })]));
  const left = proxy.untilPodLeft(leaving("uid-a"), signal);
  const state = watched(left);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(state.done).toBe(false);
  expect(await answerers(ip, 80, 4)).toEqual(["a"]);
  const ending = { ready: false, serving: true, terminating: true };
  const news = [ofPod(a, "uid-a", ending), ofPod(b, "uid-b", { ready: true })];
  informers.put("endpointslices", slice("s", "web", { port: 80 }, news));
  await left;
  expect(await answerers(ip, 80)).toEqual(["b"]);

  const lastLeft = proxy.untilPodLeft(leaving("uid-b"), signal);
  await settle();
  // Both terminate; one may be gone already.
  expect(await answerers(ip, 80)).toEqual(["b"]);
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(b, "uid-b", ending)]));
  await lastLeft;
  // It serves as long as it can (KEP-1669).
  expect(await answerers(ip, 80, 4)).toEqual(["b"]);

  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-c", { ready: true })]));
  const stop = new AbortController();
  const never = proxy.untilPodLeft(leaving("uid-c"), stop.signal);
  stop.abort(new Error("enough"));
  await expect(never).rejects.toThrow("enough");
});

it("waits for the connections that a pod still has through a Service", async () => {
  await stopProxy();
  await startProxy({ lastConnectionsMs: 60_000 });
  const a = await startPod("a");
  const ip = serviceIp(20);
  const signal = AbortSignal.timeout(5_000);
  const ending = { ready: false, serving: true, terminating: true };
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", ending)]));
  await settle();
  const open = async (host: string) => {
    const socket = connect({ host, port: 80 });
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once("data", resolve));
    return socket;
  };
  // Nothing that a Service led here, and thus not waited for.
  await open(a.ip);
  await proxy.untilPodLeft(leaving("uid-a"), signal);
  const socket = await open(ip);
  const left = proxy.untilPodLeft(leaving("uid-a"), signal);
  const state = watched(left);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(state.done).toBe(false);
  socket.destroy();
  a.stop();
  await left;
});

it("does not wait for ever for a connection through a Service that stays", async () => {
  await stopProxy();
  await startProxy({ lastConnectionsMs: 100 });
  const a = await startPod("a");
  const ip = serviceIp(21);
  informers.put("services", service("web", { clusterIP: ip, ports: [{ port: 80 }] }));
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", { ready: true })]));
  await settle();
  const socket = connect({ host: ip, port: 80 });
  closers.push(() => socket.destroy());
  await new Promise((resolve) => socket.once("data", resolve));
  const ending = { ready: false, serving: true, terminating: true };
  informers.put("endpointslices", slice("s", "web", { port: 80 }, [ofPod(a, "uid-a", ending)]));
  await proxy.untilPodLeft(leaving("uid-a"), AbortSignal.timeout(5_000));
});
