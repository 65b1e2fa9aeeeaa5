import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { getSysctl, nft, setSysctl } from "../../kernel/index.ts";
import type { Pod } from "../api/index.ts";
import type { KubeClient } from "../client/index.ts";
import { LocalInformers } from "../proxy/testing/local-informers.ts";
import { NetworkPolicies, type NetworkPoliciesOptions, policyTableName } from "./index.ts";
import { type TestPod, TestPods } from "./testing/test-pods.ts";
import { labelsOf, policy, type Spec } from "./testing/three-by-three.ts";

const forwarding = getSysctl("net.ipv4.ip_forward")!;
const pods = new TestPods();
let informers: LocalInformers;
let enforcer: NetworkPolicies;
let stopping: AbortController;
let stopped: Promise<void>;
let a: TestPod;
let b: TestPod;
let other: TestPod;

beforeAll(async () => {
  await pods.open();
  a = await pods.start("a");
  b = await pods.start("b");
  other = await pods.start("a", "y");
});

afterAll(async () => {
  await pods.close();
  setSysctl("net.ipv4.ip_forward", forwarding);
});

beforeEach(async () => {
  informers = new LocalInformers();
  for (const name of ["x", "y"])
    informers.put("namespaces", { kind: "Namespace", metadata: { name, labels: labelsOf(name) } });
  for (const pod of [a, b, other]) putPod(pod);
  await start();
});

afterEach(async () => {
  await stop();
  enforcer.destroy();
  expect(nft("list tables")).not.toContain(policyTableName(pods.instanceId));
});

function newEnforcer(more: Partial<NetworkPoliciesOptions> = {}): NetworkPolicies {
  return new NetworkPolicies({
    informers,
    nodeName: "node-1",
    instanceId: pods.instanceId,
    nameServers: [pods.network.gateway],
    logger: silentLogger,
    ...more,
  });
}

async function start(): Promise<void> {
  enforcer = newEnforcer();
  stopping = new AbortController();
  await new Promise<void>((ready) => {
    stopped = enforcer.run({ signal: stopping.signal, ready });
  });
}

async function stop(): Promise<void> {
  stopping.abort();
  await stopped;
}

function podObject({ name, namespace, ip }: TestPod, labels: Record<string, string> = {}) {
  return {
    kind: "Pod",
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, labels: { pod: name, ...labels } },
    spec: { nodeName: "node-1", containers: [{ name: "c", ports: [{ name: "web", containerPort: 81 }] }] },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
  };
}

function putPod(pod: TestPod, labels?: Record<string, string>): void {
  informers.put("pods", podObject(pod, labels));
}

function putPolicy(spec: Spec, name = "p", namespace = "x"): void {
  informers.put("networkpolicies", policy(spec, name, namespace) as never);
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 30));
const table = () => nft(`list table inet ${policyTableName(pods.instanceId)}`);
const linesOf = (text: string) => text.split("\n").sort();

/** Changes when the chain is made anew. */
function handleOf(chain: string): number {
  const text = nft(`list chain inet ${policyTableName(pods.instanceId)} ${chain}`, { json: true });
  return JSON.parse(text).nftables.find((one: { chain?: object }) => one.chain).chain.handle;
}

const DENY = { policyTypes: ["Ingress", "Egress"] };

describe("packets", () => {
  it("of a pod that no policy selects pass, and there is no table", async () => {
    expect(await pods.reaches(a, b)).toBe(true);
    expect(await (await pods.udp(a))(b)).toBe(true);
    expect(table).toThrow();
  });

  it("are judged in both directions", async () => {
    putPolicy({
      podSelector: { matchLabels: { pod: "b" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { pod: "a" } } }] }],
    });
    await settle();
    expect(await pods.reaches(a, b)).toBe(true);
    expect(await pods.reaches(other, b)).toBe(false);
    expect(await pods.reaches(b, other)).toBe(true);
    putPolicy(
      {
        policyTypes: ["Egress"],
        egress: [
          {
            ports: [
              { port: "web", protocol: "TCP" },
              { port: 80, protocol: "UDP" },
            ],
          },
        ],
      },
      "out",
    );
    await settle();
    expect(await pods.reaches(a, other, 80)).toBe(false);
    expect(await pods.reaches(a, other, 81)).toBe(true);
    expect(await (await pods.udp(a))(other)).toBe(true);
    expect(await pods.reaches(other, a, 80)).toBe(true);
  });

  it("by ranges of ports and addresses", async () => {
    putPolicy({
      policyTypes: ["Egress"],
      egress: [
        {
          to: [{ ipBlock: { cidr: pods.network.podCidr, except: [`${other.ip}/32`] } }],
          ports: [{ protocol: "TCP", port: 81, endPort: 90 }],
        },
      ],
    });
    await settle();
    expect(await pods.reaches(a, b, 81)).toBe(true);
    expect(await pods.reaches(a, b, 80)).toBe(false);
    expect(await pods.reaches(a, other, 81)).toBe(false);
  });

  it("of the node itself reach pods that let nobody in", async () => {
    putPolicy(DENY);
    await settle();
    const { connect } = await import("node:net");
    const socket = connect(80, a.ip);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    socket.destroy();
    expect(await pods.reaches(b, a)).toBe(false);
  });

  it("of a connection that is forbidden end, and go on when it may be again", async () => {
    const long = await pods.connect(a, b);
    const ask = await pods.udp(a);
    expect(await long.answers()).toBe(true);
    expect(await ask(b)).toBe(true);
    putPolicy({ podSelector: { matchLabels: { pod: "b" } } });
    await settle();
    expect(await long.answers()).toBe(false);
    expect(await ask(b)).toBe(false);
    informers.delete("networkpolicies", "x/p");
    await settle();
    expect(await ask(b)).toBe(true);
    // As seen from the client.
    putPolicy({ podSelector: { matchLabels: { pod: "a" } }, policyTypes: ["Egress"] });
    await settle();
    expect(await ask(b)).toBe(false);
  });

  it("that answer pass, whatever is forbidden to start", async () => {
    putPolicy({
      podSelector: { matchLabels: { pod: "a" } },
      ...DENY,
      egress: [{ to: [{ podSelector: {} }] }],
    });
    putPolicy(
      { podSelector: { matchLabels: { pod: "b" } }, ...DENY, ingress: [{ from: [{ podSelector: {} }] }] },
      "q",
    );
    await settle();
    const long = await pods.connect(a, b);
    expect(await long.answers()).toBe(true);
    expect(await pods.reaches(b, a)).toBe(false);
    expect(await (await pods.udp(a))(b)).toBe(true);
  });

  it("to the cluster's name service are judged as to a pod, and to all else of the node pass", async () => {
    const servers = [53, 5300].map((port) => startServer(pods.network.gateway, port));
    await Promise.all(servers);
    const { gateway } = pods.network;
    putPolicy({ policyTypes: ["Egress"] });
    await settle();
    expect(await pods.reaches(a, gateway, 53)).toBe(false);
    expect(await pods.reaches(a, gateway, 5300)).toBe(true);
    const dns = {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    };
    informers.put("namespaces", {
      kind: "Namespace",
      metadata: { name: "kube-system", labels: labelsOf("kube-system") },
    });
    putPolicy(
      { policyTypes: ["Egress"], egress: [{ to: [dns], ports: [{ protocol: "TCP", port: 53 }] }] },
      "dns",
    );
    await settle();
    expect(await pods.reaches(a, gateway, 53)).toBe(true);
    expect(await pods.reaches(a, b, 80)).toBe(false);
    for (const server of await Promise.all(servers)) server.close();
  });
});

it("loses no connection that is allowed and lets none through that is not, while policies and pods change", async () => {
  const from = (name: string) => [{ podSelector: { matchLabels: { pod: name } } }];
  putPolicy({ podSelector: { matchLabels: { pod: "b" } }, ingress: [{ from: from("a") }] });
  await settle();
  const [allowed, forbidden] = [pods.knock(a, b), pods.knock(other, b)];
  const block = { ipBlock: { cidr: `${a.ip}/32` } };
  const changes: ((round: number) => void)[] = [
    // The same by other means; beside others; for other pods; with more labels; started anew.
    () => putPolicy({ podSelector: { matchLabels: { pod: "b" } }, ingress: [{ from: [block] }] }),
    (round) => putPolicy({ ingress: [{ from: from("nobody"), ports: [{ port: 1000 + round }] }] }, "more"),
    () => putPod(b, { more: "labels" }),
    () => putPolicy({ podSelector: {}, ingress: [{ from: from("a") }] }),
    (round) =>
      putPolicy(
        {
          egress: [{}],
          policyTypes: ["Egress"],
          podSelector: { matchLabels: { pod: round % 2 ? "a" : "b" } },
        },
        "out",
      ),
    () => informers.delete("networkpolicies", "x/more"),
    () => putPod(b),
    () => informers.delete("networkpolicies", "x/out"),
  ];
  for (let round = 0; round < 400; round++) {
    changes[round % changes.length]!(round);
    if (round % 50 === 49) {
      await stop();
      await start();
    }
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const [passed, dropped] = [await allowed(), await forbidden()];
  expect(passed.failed).toBe(0);
  expect(passed.open).toBeGreaterThan(300);
  expect(dropped.open).toBe(0);
  expect(dropped.failed).toBeGreaterThan(5);
}, 60_000);

describe("a pod's start", () => {
  const guarded = () => enforcer.guard(podObject(b) as unknown as Pod, [b.ip], AbortSignal.timeout(2_000));

  it("waits until its policies hold, though its status tells of no address yet", async () => {
    informers.put("pods", { ...podObject(b), status: { phase: "Pending" } });
    putPolicy({ ingress: [{ from: [{ podSelector: { matchLabels: { pod: "a" } } }] }] });
    await settle();
    expect(await pods.reaches(other, b)).toBe(true);
    await guarded();
    // At once, without a batch's wait.
    expect(table()).toContain(`${b.ip} : goto`);
    expect(await pods.reaches(other, b)).toBe(false);
    expect(await pods.reaches(a, b)).toBe(true);
  });

  it("waits until this runs", async () => {
    await stop();
    const late = newEnforcer();
    let isGuarded = false;
    const guarding = late
      .guard(podObject(b) as unknown as Pod, [b.ip], AbortSignal.timeout(5_000))
      .then(() => {
        isGuarded = true;
      });
    await settle();
    expect(isGuarded).toBe(false);
    putPolicy(DENY);
    const again = new AbortController();
    const running = late.run({ signal: again.signal, ready: () => {} });
    await guarding;
    expect(table()).toContain(`${b.ip} : goto`);
    again.abort();
    await running;
  });

  it("waits for a policy that the API has and that was not told of yet", async () => {
    await stop();
    const object = { ...policy(DENY), metadata: { name: "p", namespace: "x", resourceVersion: "1000000" } };
    const client = { list: async () => ({ items: [object] }) } as unknown as KubeClient;
    enforcer = newEnforcer({ client });
    stopping = new AbortController();
    stopped = enforcer.run({ signal: stopping.signal, ready: () => {} });
    let isGuarded = false;
    const guarding = guarded().then(() => {
      isGuarded = true;
    });
    await settle();
    expect(isGuarded).toBe(false);
    informers.put("networkpolicies", object as never);
    await guarding;
    expect(table()).toContain(`${b.ip} : goto`);
  });

  it("goes on with what is known where the API cannot be asked", async () => {
    await stop();
    const list = () => Promise.reject(new Error("no API"));
    enforcer = newEnforcer({ client: { list } as unknown as KubeClient });
    stopping = new AbortController();
    stopped = enforcer.run({ signal: stopping.signal, ready: () => {} });
    putPolicy(DENY);
    await guarded();
    expect(table()).toContain(`${b.ip} : goto`);
  });

  it("is refused when it is called off", async () => {
    await stop();
    const reason = new Error("called off");
    const guarding = enforcer.guard(podObject(b) as unknown as Pod, [b.ip], AbortSignal.abort(reason));
    await expect(guarding).rejects.toBe(reason);
  });

  it("holds until its network is gone, though the API has forgotten it", async () => {
    putPolicy(DENY);
    await guarded();
    informers.delete("pods", "x/b");
    await settle();
    expect(await pods.reaches(a, b)).toBe(false);
    expect(table()).toContain(`${b.ip} : goto`);
    enforcer.release("uid-x-b");
    await settle();
    expect(table()).not.toContain(`${b.ip} : goto`);
  });

  it("leaves the address to others once its network is gone, though the API still tells of it", async () => {
    putPolicy(DENY);
    await guarded();
    enforcer.release("uid-x-b");
    putPod(b, { more: "news" });
    await settle();
    expect(table()).not.toContain(`${b.ip} : goto`);
  });
});

describe("the table", () => {
  it("asks for nobody's pods before there is a policy", async () => {
    await stop();
    const asked: string[] = [];
    const counting = Object.assign(Object.create(informers), {
      informer: (resource: Parameters<LocalInformers["informer"]>[0]) => {
        asked.push(resource.resource);
        return informers.informer(resource);
      },
    });
    enforcer = newEnforcer({ informers: counting });
    stopping = new AbortController();
    await new Promise<void>((ready) => {
      stopped = enforcer.run({ signal: stopping.signal, ready });
    });
    expect(asked).toEqual(["namespaces", "networkpolicies"]);
    putPolicy(DENY);
    await settle();
    expect(asked).toContain("pods");
    expect(table()).toContain(`${b.ip} : goto`);
  });

  it("goes with the last policy", async () => {
    putPolicy(DENY);
    putPolicy({ ingress: [{ from: [{ namespaceSelector: {} }] }] }, "q");
    await settle();
    informers.delete("networkpolicies", "x/p");
    await settle();
    expect(table()).toContain("chain ingress");
    informers.delete("networkpolicies", "x/q");
    await settle();
    expect(table).toThrow();
  });

  it("stays when the program stops, and is gone on from: what is as it was is not written anew", async () => {
    putPolicy({
      ...DENY,
      ingress: [
        {
          from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }],
          ports: [
            { port: "web", protocol: "TCP" },
            { port: 80, protocol: "UDP" },
          ],
        },
      ],
    });
    putPolicy({ egress: [{ to: [{ podSelector: { matchLabels: { pod: "b" } } }] }] }, "q", "y");
    await settle();
    const before = table();
    const handle = handleOf("ingress");
    await stop();
    expect(table()).toBe(before);
    expect(await pods.reaches(a, b)).toBe(false);
    nft(`add chain inet ${policyTableName(pods.instanceId)} stray`);
    informers.delete("networkpolicies", "y/q");
    await start();
    expect(handleOf("ingress")).toBe(handle);
    await expect.poll(table, { timeout: 3_000 }).not.toContain("stray");
    expect(await pods.reaches(a, b)).toBe(false);
    putPolicy({ egress: [{ to: [{ podSelector: { matchLabels: { pod: "b" } } }] }] }, "q", "y");
    await settle();
    expect(linesOf(table())).toEqual(linesOf(before));
    // What is not used goes a moment later.
    informers.delete("networkpolicies", "y/q");
    await settle();
    const chains = () => table().match(/chain egress_/g)!.length;
    expect(chains()).toBe(2);
    await expect.poll(chains, { timeout: 3_000 }).toBe(1);
  });

  it("is written again when somebody has thrown it away", async () => {
    putPolicy(DENY);
    await settle();
    nft(`delete table inet ${policyTableName(pods.instanceId)}`);
    expect(await pods.reaches(a, b)).toBe(true);
    putPod(a, { some: "change" });
    putPolicy({ ingress: [{ from: [{ podSelector: {} }] }] }, "q");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(table()).toContain(`${b.ip} : goto`);
    expect(await pods.reaches(other, b)).toBe(false);
  });
});

async function startServer(host: string, port: number) {
  const { createServer } = await import("node:net");
  const server = createServer((socket) => socket.on("error", () => {}).end());
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return server;
}
