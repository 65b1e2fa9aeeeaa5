import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newHexId, silentLogger } from "../../base/index.ts";
import { holdPort, nft, pinNamespaces, unpinNamespaces } from "../../kernel/index.ts";
import {
  BridgeNetworks,
  DnsCode,
  DnsForwarder,
  DnsListener,
  type DnsMessage,
  decodeDns,
  encodeDns,
} from "../../network/index.ts";
import { LocalInformers, service, slice } from "../proxy/testing/local-informers.ts";
import { removeDnsRedirect } from "./dns-redirect.ts";
import { ClusterDns } from "./index.ts";

let informers: LocalInformers;
let upstream: DnsListener;
let dns: ClusterDns;
let resolver: Resolver;
let stopping: AbortController;
let stopped: Promise<void>;

beforeEach(async () => {
  informers = new LocalInformers();
  for (const name of ["default", "other"])
    informers.put("namespaces", { kind: "Namespace", metadata: { name } });
  upstream = new DnsListener({
    address: "127.0.0.1",
    port: 0,
    logger: silentLogger,
    answer: ({ message }) => {
      const { name, type } = message.questions![0]!;
      if (name.startsWith("missing")) return { code: DnsCode.NXDOMAIN };
      return {
        code: DnsCode.NOERROR,
        answers: type === "A" ? [{ name, type, ttl: 60, data: "203.0.113.7" }] : [],
      };
    },
  });
  await upstream.open();
  dns = new ClusterDns({
    informers,
    address: "127.0.0.1",
    port: 0,
    instanceId: "0000aa",
    logger: silentLogger,
    forwarder: new DnsForwarder({
      servers: () => [`127.0.0.1#${upstream.port}`],
      timeoutMs: 100,
      attempts: 1,
    }),
  });
  stopping = new AbortController();
  await new Promise<void>((ready) => {
    stopped = dns.run({ signal: stopping.signal, ready });
  });
  resolver = new Resolver({ tries: 1, timeout: 1000 });
  resolver.setServers([`127.0.0.1:${dns.port}`]);
});

afterEach(async () => {
  stopping.abort();
  await stopped;
  await upstream.close();
});

function ask(name: string, type: string): Promise<DnsMessage> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.on("message", (bytes) => {
      socket.close();
      resolve(decodeDns(bytes));
    });
    socket.send(
      encodeDns({ id: 5, type: "query", flags: 256, questions: [{ name, type }] }),
      dns.port!,
      "127.0.0.1",
    );
  });
}

const nodata = { rcode: "NOERROR", answers: [], authorities: [{ type: "SOA", name: "cluster.local" }] };
const nxdomain = { rcode: "NXDOMAIN", answers: [], authorities: [{ type: "SOA", name: "cluster.local" }] };

describe("Services with an address", () => {
  beforeEach(() => {
    const ports = [
      { name: "http", port: 80 },
      { name: "dns", port: 53, protocol: "UDP" },
    ];
    informers.put("services", service("web", { clusterIP: "10.96.0.20", ports }));
  });

  it("are found by name, whatever its case, and by port", async () => {
    expect(await resolver.resolve4("WEB.default.svc.Cluster.Local")).toEqual(["10.96.0.20"]);
    expect(await resolver.resolveSrv("_http._tcp.web.default.svc.cluster.local")).toMatchObject([
      { port: 80, priority: 0, weight: 100, name: "web.default.svc.cluster.local" },
    ]);
    expect((await ask("_dns._udp.web.default.svc.cluster.local", "SRV")).additionals).toMatchObject([
      { name: "web.default.svc.cluster.local", data: "10.96.0.20" },
    ]);
    expect(await resolver.reverse("10.96.0.20")).toEqual(["web.default.svc.cluster.local"]);
  });

  it("tell an unknown name from a missing record", async () => {
    expect(await ask("web.default.svc.cluster.local", "AAAA")).toMatchObject(nodata);
    expect(await ask("_tcp.web.default.svc.cluster.local", "SRV")).toMatchObject(nodata);
    for (const name of ["svc.cluster.local", "default.svc.cluster.local", "cluster.local"]) {
      expect(await ask(name, "A")).toMatchObject(nodata);
    }
    for (const name of [
      "none.default.svc",
      "web.other.svc",
      "web.nowhere.svc",
      "_ftp._tcp.web.default.svc",
      "x",
      "a.b.c",
    ]) {
      expect(await ask(`${name}.cluster.local`, "A")).toMatchObject(nxdomain);
    }
  });

  it("follow changes", async () => {
    informers.delete("services", "default/web");
    expect(await ask("web.default.svc.cluster.local", "A")).toMatchObject(nxdomain);
  });
});

describe("headless Services", () => {
  beforeEach(() => {
    informers.put("services", service("db", { clusterIP: "None", ports: [{ name: "pg", port: 5432 }] }));
    informers.put(
      "endpointslices",
      slice("db-1", "db", { name: "pg", port: 5432 }, [
        { addresses: ["10.244.0.5"], hostname: "db-0", conditions: { ready: true } },
        { addresses: ["10.244.0.6"], conditions: { ready: true } },
        { addresses: ["10.244.0.7"], hostname: "db-2", conditions: { ready: false } },
      ]),
    );
  });

  it("are their ready endpoints, each with a name", async () => {
    expect((await resolver.resolve4("db.default.svc.cluster.local")).sort()).toEqual([
      "10.244.0.5",
      "10.244.0.6",
    ]);
    expect(await resolver.resolve4("db-0.db.default.svc.cluster.local")).toEqual(["10.244.0.5"]);
    expect(await resolver.resolve4("10-244-0-6.db.default.svc.cluster.local")).toEqual(["10.244.0.6"]);
    expect(await ask("db-2.db.default.svc.cluster.local", "A")).toMatchObject(nxdomain);
    const targets = await resolver.resolveSrv("_pg._tcp.db.default.svc.cluster.local");
    expect(targets.map(({ name, port, weight }) => [name, port, weight]).sort()).toEqual([
      ["10-244-0-6.db.default.svc.cluster.local", 5432, 50],
      ["db-0.db.default.svc.cluster.local", 5432, 50],
    ]);
    expect(await resolver.reverse("10.244.0.5")).toEqual(["db-0.db.default.svc.cluster.local"]);
  });

  it("do not exist without one", async () => {
    informers.delete("endpointslices", "default/db-1");
    expect(await ask("db.default.svc.cluster.local", "A")).toMatchObject(nxdomain);
  });
});

it("knows pods by address, the version of its schema, and itself", async () => {
  expect(await resolver.resolve4("10-1-2-3.default.pod.cluster.local")).toEqual(["10.1.2.3"]);
  expect(await ask("10-1-2.default.pod.cluster.local", "A")).toMatchObject(nxdomain);
  expect(await ask("10-1-2-3.nowhere.pod.cluster.local", "A")).toMatchObject(nxdomain);
  expect(await resolver.resolveTxt("dns-version.cluster.local")).toEqual([["1.1.0"]]);
  expect(await resolver.resolveSoa("cluster.local")).toMatchObject({ nsname: "ns.dns.cluster.local" });
});

it("follows external names, to the outside and back into the cluster", async () => {
  informers.put("services", service("web", { clusterIP: "10.96.0.20", ports: [{ port: 80 }] }));
  const alias = (name: string, externalName: string) =>
    informers.put("services", service(name, { type: "ExternalName", externalName }));
  alias("out", "api.example.com");
  alias("in", "web.default.svc.cluster.local");
  alias("one", "two.default.svc.cluster.local");
  alias("two", "one.default.svc.cluster.local");
  expect(await resolver.resolve4("out.default.svc.cluster.local")).toEqual(["203.0.113.7"]);
  expect(await resolver.resolveCname("out.default.svc.cluster.local")).toEqual(["api.example.com"]);
  expect(await resolver.resolve4("in.default.svc.cluster.local")).toEqual(["10.96.0.20"]);
  expect((await ask("one.default.svc.cluster.local", "A")).rcode).toBe("SERVFAIL");
});

it("passes on everything else, and answers its own names at once when nobody is there to pass it to", async () => {
  informers.put("services", service("web", { clusterIP: "10.96.0.20", ports: [{ port: 80 }] }));
  expect(await resolver.resolve4("example.com")).toEqual(["203.0.113.7"]);
  expect((await ask("missing.example.com", "A")).rcode).toBe("NXDOMAIN");
  await upstream.close();
  const answered: string[] = [];
  const outside = ask("other.example.com", "A").finally(() => answered.push("outside"));
  expect(await resolver.resolve4("web.default.svc.cluster.local")).toEqual(["10.96.0.20"]);
  answered.push("own");
  expect((await outside).rcode).toBe("SERVFAIL");
  expect(answered).toEqual(["own", "outside"]);
});

it("asks other servers once for what several pods ask, and tells what it has done", async () => {
  informers.put("services", service("web", { clusterIP: "10.96.0.20", ports: [{ port: 80 }] }));
  await resolver.resolve4("example.com");
  await upstream.close();
  expect(await resolver.resolve4("Example.com")).toEqual(["203.0.113.7"]);
  expect(await resolver.resolve4("web.default.svc.cluster.local")).toEqual(["10.96.0.20"]);
  expect((await ask("none.default.svc.cluster.local", "A")).rcode).toBe("NXDOMAIN");
  const of = 'server="dns://:53",view="",zone="."';
  const cache = 'server="dns://:53",view="",zones="."';
  for (const line of [
    `coredns_dns_requests_total{${of},proto="udp",family="1",type="A"} 4`,
    `coredns_dns_responses_total{${of},rcode="NOERROR",plugin="forward"} 2`,
    `coredns_dns_responses_total{${of},rcode="NXDOMAIN",plugin="kubernetes"} 1`,
    `coredns_dns_request_duration_seconds_count{${of}} 4`,
    `coredns_cache_hits_total{${cache},type="success"} 1`,
    `coredns_cache_entries{${cache},type="success"} 1`,
    `coredns_cache_misses_total{${cache}} 1`,
  ])
    expect(dns.metricsText()).toContain(`${line}\n`);
});

/** A pod's network, and a name server on its node. */
async function aNode(options: { isPort53Taken?: boolean; hasService?: boolean }) {
  const dir = mkdtempSync(join(tmpdir(), "gantry-dns-"));
  const instanceId = randomBytes(3).toString("hex");
  const networks = new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger: silentLogger });
  await networks.open();
  const { gateway, networkName, serviceCidr } = await networks.openPodNetwork();
  const { net } = pinNamespaces(join(dir, "ns"), ["net"]);
  await networks.attach({
    network: networkName,
    containerId: newHexId(),
    containerName: "pod",
    netnsPath: net,
  });
  const holds = options.isPort53Taken ? [holdPort("tcp", gateway, 53), holdPort("udp", gateway, 53)] : [];
  const serviceAddress = serviceCidr.replace(/\.0\/.*/, ".10");
  const start = async () => {
    const stop = new AbortController();
    const own = new ClusterDns({
      informers,
      address: gateway,
      ...(options.hasService ? { serviceAddress } : {}),
      instanceId,
      logger: silentLogger,
    });
    let done: Promise<void> | undefined;
    await new Promise<void>((ready) => {
      done = own.run({ signal: stop.signal, ready });
    });
    return async () => {
      stop.abort();
      await done;
    };
  };
  /** What a script prints in the pod's network; on the host where `isPod` says so. */
  const run = async (script: string, isPod = true) => {
    const node = [process.execPath, "-e", script];
    const [command, ...args] = isPod ? ["nsenter", `--net=${net}`, ...node] : node;
    const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    for await (const chunk of child.stdout) text += chunk;
    return text;
  };
  return {
    gateway,
    instanceId,
    serviceAddress,
    start,
    run,
    lookUp: (server: string, timeoutMs = 1000, isPod = true) =>
      run(
        `const {Resolver}=require("dns/promises");const r=new Resolver({timeout:${timeoutMs},tries:2});
        r.setServers(["${server}"]);r.resolve4("10-1-2-3.default.pod.cluster.local").then(console.log,console.log)`,
        isPod,
      ),
    async remove() {
      for (const hold of holds) hold.release();
      removeDnsRedirect(instanceId);
      await networks.destroy();
      unpinNamespaces(join(dir, "ns"));
      rmSync(dir, { recursive: true });
    },
  };
}

it("leads questions elsewhere when somebody has port 53", async () => {
  const node = await aNode({ isPort53Taken: true });
  const stop = await node.start();
  try {
    expect(await node.lookUp(node.gateway)).toContain("10.1.2.3");
  } finally {
    await stop();
    await node.remove();
  }
});

describe("the Service's address", () => {
  let serviceAddress: string;
  let node: Awaited<ReturnType<typeof aNode>>;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    node = await aNode({ hasService: true });
    serviceAddress = node.serviceAddress;
    stop = await node.start();
  });
  afterEach(async () => {
    await stop();
    await node.remove();
  });

  it("is answered by the node itself, to pods and to the node, with metrics", async () => {
    expect(await node.lookUp(serviceAddress)).toContain("10.1.2.3");
    const fetching = `fetch("http://${serviceAddress}:9153/metrics").then(async (r) => console.log(r.status, await r.text()))`;
    expect(await node.run(fetching)).toMatch(/^200 [\s\S]*coredns_dns_requests_total\{/);
  });

  it("is left to pods that answer there, and taken back", async () => {
    const kubeDns = { ...service("kube-dns", { clusterIP: serviceAddress, ports: [{ port: 53 }] }) };
    kubeDns.metadata = { ...kubeDns.metadata, namespace: "kube-system" };
    informers.put("services", { ...kubeDns, spec: { ...kubeDns.spec, selector: { "k8s-app": "kube-dns" } } });
    expect(await node.lookUp(serviceAddress, 200)).not.toContain("10.1.2.3");
    informers.put("services", kubeDns);
    expect(await node.lookUp(serviceAddress)).toContain("10.1.2.3");
  });

  it("silences nobody else's refusals", async () => {
    const refused = `const s = require("dgram").createSocket("udp4"); s.on("error", (e) => console.log(e.code) || process.exit());
      s.connect(5353, "${node.gateway}", () => s.send("x")); setTimeout(() => process.exit(), 1000)`;
    expect(await node.run(refused)).toBe("ECONNREFUSED\n");
    const rejected = refused.replace(
      `5353, "${node.gateway}"`,
      `53, "${serviceAddress.replace(/\.10$/, ".11")}"`,
    );
    const table = `gantry_${node.instanceId}_dnstest`;
    nft(`add table ip ${table}
      add chain ip ${table} forward { type filter hook prerouting priority 0; }
      add rule ip ${table} forward ip daddr ${serviceAddress.replace(/\.10$/, ".11")} udp dport 53 reject`);
    try {
      expect(await node.run(rejected)).toBe("ECONNREFUSED\n");
    } finally {
      nft(`delete table ip ${table}`);
    }
  });

  it("keeps askers waiting while nobody answers, so that a restart costs no question", async () => {
    await stop();
    const asked = node.lookUp(serviceAddress, 700);
    await new Promise((resolve) => setTimeout(resolve, 400));
    stop = await node.start();
    expect(await asked).toContain("10.1.2.3");
  });
});
