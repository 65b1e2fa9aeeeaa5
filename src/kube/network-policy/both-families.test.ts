import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  addAddress,
  addRoute,
  createVethPair,
  holdPort,
  inNetworkNamespace,
  nft,
  openTcpInNamespace,
  pinNamespaces,
  setLinkUp,
  setSysctl,
  unpinNamespaces,
} from "../../kernel/index.ts";
import type { PolicedPod } from "./policed-pod.ts";
import { PolicyWorld } from "./policy-world.ts";
import { policy, type Spec } from "./testing/three-by-three.ts";

const dir = mkdtempSync(join(tmpdir(), "gantry-netpol6-"));
const servers: Server[] = [];
/** A node of its own, with two pods of both families. */
let node: string;
const pods = new Map<string, { netns: string; addresses: [four: string, six: string] }>();
let world: PolicyWorld;

beforeAll(() => {
  node = newNamespace("node");
  inNetworkNamespace(node, () => {
    setSysctl("net/ipv4/ip_forward", 1);
    setSysctl("net/ipv6/conf/all/forwarding", 1);
  });
  for (const [index, name] of ["a", "b"].entries()) {
    const netns = newNamespace(name);
    const link = `v${name}`;
    const [four, six] = [`10.9.${index}`, `fd09:${index}:`];
    inNetworkNamespace(node, () => {
      createVethPair({ hostName: link, peerName: "eth0", peerNetnsPath: netns });
      addAddress(link, `${four}.1/24`);
      addAddress(link, `${six}:1/64`);
    });
    inNetworkNamespace(netns, () => {
      addAddress("eth0", `${four}.2/24`);
      addAddress("eth0", `${six}:2/64`);
      setLinkUp("eth0");
      addRoute({ destination: "0.0.0.0/0", gateway: `${four}.1`, device: "eth0" });
      addRoute({ destination: "::/0", gateway: `${six}:1`, device: "eth0" });
    });
    pods.set(name, { netns, addresses: [`${four}.2`, `${six}:2`] });
    for (const host of ["0.0.0.0", "::"]) serve(netns, host, name === "b" ? 80 : 81);
  }
});

afterAll(() => {
  for (const server of servers) server.close();
  for (const name of ["a", "b", "node"]) unpinNamespaces(join(dir, name));
  rmSync(dir, { recursive: true });
});

beforeEach(() => {
  world = new PolicyWorld({ table: "policies", families: [4, 6], nameServers: [] });
  world.setNamespace("x", {});
  for (const name of ["a", "b"]) world.setPod(name, podOf(name));
});

function newNamespace(name: string): string {
  const { net } = pinNamespaces(join(dir, name), ["net"]);
  // Addresses can be used at once.
  inNetworkNamespace(net, () => setSysctl("net/ipv6/conf/default/accept_dad", 0));
  return net;
}

function serve(netns: string, host: string, port: number): void {
  const server = createServer((socket) => socket.on("error", () => {}).end());
  if (host === "::") inNetworkNamespace(netns, () => setSysctl("net/ipv6/bindv6only", 1));
  server.listen({ fd: inNetworkNamespace(netns, () => holdPort("tcp", host, port)).fd });
  servers.push(server);
}

function podOf(name: string): PolicedPod {
  const { addresses } = pods.get(name)!;
  return {
    uid: name,
    namespace: "x",
    labels: { pod: name },
    addresses,
    ports: [{ name: "web", protocol: "tcp", port: 80 }],
    isLocal: true,
    rank: 0,
  };
}

/** By which families `a` reaches `b`. */
async function reached(spec: Spec): Promise<string[]> {
  world.setPolicy("x/p", policy(spec));
  const text = world.table.renderAll();
  inNetworkNamespace(node, () => nft(text));
  const found: string[] = [];
  for (const [index, family] of ["IPv4", "IPv6"].entries())
    if (await connects(pods.get("b")!.addresses[index]!)) found.push(family);
  return found;
}

async function connects(host: string): Promise<boolean> {
  const opening = openTcpInNamespace(pods.get("a")!.netns, 80, host).then((socket) => {
    socket.on("error", () => {}).destroy();
    return true;
  });
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, 300, false));
  return Promise.race([opening.catch(() => false), late]);
}

const toB = { podSelector: { matchLabels: { pod: "b" } } };
const fromA = [{ podSelector: { matchLabels: { pod: "a" } } }];
const both = ["IPv4", "IPv6"];

it.each<[what: string, spec: Spec, families: string[]]>([
  ["nothing that isolates", { podSelector: { matchLabels: { pod: "nobody" } } }, both],
  ["deny", toB, []],
  ["deny egress", { policyTypes: ["Egress"] }, []],
  ["pods of a label", { ...toB, ingress: [{ from: fromA }] }, both],
  ["a port's name", { ...toB, ingress: [{ from: fromA, ports: [{ port: "web" }] }] }, both],
  ["another port", { ...toB, ingress: [{ ports: [{ port: 81 }] }] }, []],
  ["a range of ports", { ...toB, ingress: [{ ports: [{ port: 70, endPort: 90 }] }] }, both],
  ["all of IPv4", { ...toB, ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] }, ["IPv4"]],
  ["all of IPv6", { ...toB, ingress: [{ from: [{ ipBlock: { cidr: "::/0" } }] }] }, ["IPv6"]],
  [
    "IPv6 with an exception",
    { ...toB, ingress: [{ from: [{ ipBlock: { cidr: "fd09::/16", except: ["fd09:0:0::/48"] } }] }] },
    [],
  ],
  [
    "egress to a block of each",
    {
      policyTypes: ["Egress"],
      egress: [
        {
          to: [
            { ipBlock: { cidr: "10.9.1.0/24", except: ["10.9.1.2/32"] } },
            { ipBlock: { cidr: "fd09:1::/32" } },
          ],
        },
      ],
    },
    ["IPv6"],
  ],
])("lets through by both families: %s", async (_what, spec, families) => {
  expect(await reached(spec)).toEqual(families);
});
