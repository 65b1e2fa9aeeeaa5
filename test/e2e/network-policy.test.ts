import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, type Kube, nodePod, useKube } from "../support/kube.ts";
import { run } from "../support/run.ts";

const kube = useKube(["node"]);

/**
 * Serves on TCP and UDP 80 and 81. Port 9000 is for the test, which is on the pod's node and so always let in: it has the pod
 * try connections, and keep some.
 */
const AGENT = `
  const { connect, createServer } = require("node:net");
  const { createSocket } = require("node:dgram");
  const dns = require("node:dns").promises;
  for (const port of [80, 81]) {
    createServer((s) => s.on("error", () => {}).pipe(s)).listen(port);
    const udp = createSocket("udp4");
    udp.on("message", (m, from) => udp.send(m, from.port, from.address)).bind(port);
  }
  const open = (host, port, ms) => new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ms });
    socket.on("connect", () => resolve(socket)).on("error", () => resolve(undefined)).on("timeout", () => { socket.destroy(); resolve(undefined); });
  });
  const tcp = async (host, port, ms) => { const s = await open(host, port, ms); s?.destroy(); return s !== undefined; };
  const udp = (host, port, ms) => new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (value) => { try { socket.close(); } catch {} resolve(value); };
    socket.on("message", () => done(true)).on("error", () => done(false)).send("x", port, host);
    setTimeout(() => done(false), ms);
  });
  let kept;
  const answers = (ms) => new Promise((resolve) => {
    kept.once("data", () => resolve(true)).write("x");
    setTimeout(() => resolve(false), ms);
  });
  const commands = {
    probe: ({ targets, ms }) => Promise.all(targets.map(([host, port, protocol]) => (protocol === "UDP" ? udp : tcp)(host, port, ms))),
    keep: async ({ host, port }) => { kept = await open(host, port, 2000); kept?.on("error", () => {}).setTimeout(0); return kept !== undefined; },
    ask: () => answers(800),
    lookup: ({ name }) => new dns.Resolver({ timeout: 700, tries: 1 }).resolve4(name).catch((e) => e.code),
  };
  require("node:http").createServer(async (req, res) => {
    let text = "";
    for await (const part of req) text += part;
    const { command, ...rest } = JSON.parse(text);
    res.end(JSON.stringify(await commands[command](rest)));
  }).listen(9000);
  process.on("SIGTERM", () => process.exit(0));`;

const NAMESPACES = ["x", "y", "z"];
const NAMES = ["a", "b", "c"];
type Pod = `${string}/${string}`;
const ALL: Pod[] = NAMESPACES.flatMap((namespace) => NAMES.map((name) => `${namespace}/${name}` as const));
const ips = new Map<string, string>();
const spaces = new Map<string, Kube>();
const inNamespace = (name: string) => spaces.get(name)!;

const ports = ["TCP", "UDP"].flatMap((protocol) =>
  [80, 81].map((port) => ({
    name: `serve-${port}-${protocol.toLowerCase()}`,
    containerPort: port,
    protocol,
  })),
);
const READY = { readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 } };
const agentPod = (name: string, labels: Json = {}, more: Json = {}) =>
  nodePod(name, AGENT, { labels: { pod: name, ...labels } }, { ports, ...READY, ...more });

beforeAll(async () => {
  for (const name of NAMESPACES) {
    const space = await kube.in(name);
    spaces.set(name, space);
    await space.must("label", "namespace", name, `ns=${name}`);
    await space.apply([
      ...NAMES.map((pod) => agentPod(pod)),
      ...NAMES.map((pod) => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: pod },
        spec: { selector: { pod }, ports: [{ port: 8080, targetPort: 80 }] },
      })),
    ]);
  }
  for (const pod of ALL) {
    const [namespace, name] = pod.split("/");
    ips.set(pod, (await inNamespace(namespace!).untilReady(name!, 60_000)).status.podIP);
  }
});

async function command<T>(ip: string, body: object): Promise<T> {
  const answer = await fetch(`http://${ip}:9000/`, { method: "POST", body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

type Target = [host: string, port: number, protocol: "TCP" | "UDP"];
const TRAFFIC = (["TCP", "UDP"] as const).flatMap((protocol) =>
  [80, 81].map((port) => [port, protocol] as const),
);

async function probe(from: Pod, targets: Target[], ms = 400): Promise<boolean[]> {
  return command(ips.get(from)!, { command: "probe", targets, ms });
}

type Reaches = (from: Pod, to: Pod, port: number, protocol: string) => boolean;

/** All pods to all pods on all ports. */
async function truthTable(): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  await Promise.all(
    ALL.map(async (from) => {
      const pairs = ALL.flatMap((to) => TRAFFIC.map(([port, protocol]) => ({ to, port, protocol })));
      const targets = pairs.map(({ to, port, protocol }): Target => [ips.get(to)!, port, protocol]);
      const reached = await probe(from, targets);
      for (const [index, { to, port, protocol }] of pairs.entries())
        found.set(`${from} -> ${to} ${protocol} ${port}`, reached[index]!);
    }),
  );
  return found;
}

async function expectReach(reaches: Reaches): Promise<void> {
  const expected = new Map(
    ALL.flatMap((from) =>
      ALL.flatMap((to) =>
        TRAFFIC.map(
          ([port, protocol]) =>
            [
              `${from} -> ${to} ${protocol} ${port}`,
              from === to || reaches(from, to, port, protocol),
            ] as const,
        ),
      ),
    ),
  );
  let wrong: string[] = [];
  // What a busy machine answers too late is asked again; what is let through wrongly is wrong at once.
  for (let attempt = 0; attempt < 3; attempt++) {
    const found = await truthTable();
    wrong = [...expected]
      .filter(([what, value]) => found.get(what) !== value)
      .map(([what, value]) => `${what}: ${value ? "cut off" : "let through"}`);
    if (wrong.length === 0 || wrong.some((one) => one.endsWith("let through"))) break;
  }
  expect(wrong).toEqual([]);
}

function policy(name: string, spec: Json): Json {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name },
    spec: { podSelector: {}, ...spec },
  };
}

/** What has been told to the API is enforced a moment later. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 100));

const until = (ask: () => Promise<unknown>, wanted: unknown) =>
  expect.poll(ask, { timeout: 20_000 }).toEqual(wanted);

async function label(namespace: string, ...args: string[]): Promise<void> {
  await inNamespace(namespace).must("label", ...args, "--overwrite");
  await settle();
}

async function withPolicies(policies: Json[], work: () => Promise<void>, namespace = "x"): Promise<void> {
  const space = inNamespace(namespace);
  await space.apply(policies);
  await settle();
  try {
    await work();
  } finally {
    await space.must("delete", "networkpolicy", "--all");
    await settle();
  }
}

const only = (name: string) => ({ podSelector: { matchLabels: { pod: name } } });
const ns = (...values: string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: "ns", operator: "In", values }] },
});
const inX = (pod: Pod) => pod.startsWith("x/");
const toXa =
  (rule: Reaches): Reaches =>
  (from, to, port, protocol) =>
    to !== "x/a" || rule(from, to, port, protocol);
const fromXa =
  (rule: Reaches): Reaches =>
  (from, to, port, protocol) =>
    from !== "x/a" || rule(from, to, port, protocol);

describe("what pods reach of each other", () => {
  const SHAPES: [name: string, policies: () => Json[], reaches: Reaches][] = [
    ["no policy", () => [], () => true],
    ["deny ingress", () => [policy("p", {})], (_, to) => !inX(to)],
    ["deny egress", () => [policy("p", { policyTypes: ["Egress"] })], (from) => !inX(from)],
    [
      "deny all",
      () => [policy("p", { policyTypes: ["Ingress", "Egress"] })],
      (from, to) => !inX(from) && !inX(to),
    ],
    ["allow all beside deny all", () => [policy("p", {}), policy("q", { ingress: [{}] })], () => true],
    [
      "a pod selector",
      () => [policy("p", { ...only("a"), ingress: [{ from: [only("b")] }] })],
      toXa((from) => from === "x/b"),
    ],
    [
      "a namespace selector",
      () => [policy("p", { ...only("a"), ingress: [{ from: [ns("y")] }] })],
      toXa((from) => from.startsWith("y/")),
    ],
    [
      "both selectors in one peer",
      () => [policy("p", { ...only("a"), ingress: [{ from: [{ ...ns("y", "z"), ...only("b") }] }] })],
      toXa((from) => from === "y/b" || from === "z/b"),
    ],
    [
      "one selector or the other",
      () => [policy("p", { ...only("a"), ingress: [{ from: [ns("y"), only("b")] }] })],
      toXa((from) => from.startsWith("y/") || from === "x/b"),
    ],
    [
      "a port",
      () => [policy("p", { ...only("a"), ingress: [{ ports: [{ port: 81, protocol: "TCP" }] }] })],
      toXa((_f, _t, port, protocol) => port === 81 && protocol === "TCP"),
    ],
    [
      "named ports and a range",
      () => [
        policy("p", {
          ...only("a"),
          ingress: [
            {
              ports: [
                { port: "serve-80-udp", protocol: "UDP" },
                { port: 70, endPort: 80, protocol: "TCP" },
              ],
            },
          ],
        }),
      ],
      toXa((_f, _t, port) => port === 80),
    ],
    [
      "egress to a named port of one namespace",
      () => [
        policy("p", {
          ...only("a"),
          policyTypes: ["Egress"],
          egress: [{ to: [ns("z")], ports: [{ port: "serve-81-tcp", protocol: "TCP" }] }],
        }),
      ],
      fromXa((_f, to, port, protocol) => to.startsWith("z/") && port === 81 && protocol === "TCP"),
    ],
    [
      "a block with an exception",
      () => [
        policy("p", {
          ...only("a"),
          policyTypes: ["Egress"],
          egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [`${ips.get("y/b")}/32`] } }] }],
        }),
      ],
      fromXa((_f, to) => to !== "y/b"),
    ],
    [
      "stacked policies",
      () => [
        policy("p", {
          ...only("a"),
          ingress: [{ from: [only("b")], ports: [{ port: 80, protocol: "TCP" }] }],
        }),
        policy("q", { ...only("a"), ingress: [{ from: [ns("y")], ports: [{ port: 81, protocol: "UDP" }] }] }),
      ],
      toXa(
        (from, _t, port, protocol) =>
          (from === "x/b" && port === 80 && protocol === "TCP") ||
          (from.startsWith("y/") && port === 81 && protocol === "UDP"),
      ),
    ],
  ];

  it.each(SHAPES)("%s", { timeout: 60_000 }, async (_name, policies, reaches) => {
    const list = policies();
    if (list.length === 0) await expectReach(reaches);
    else await withPolicies(list, () => expectReach(reaches));
  });

  it("follows labels of pods and namespaces", async () => {
    const toA = async (from: Pod) => (await probe(from, [[ips.get("x/a")!, 80, "TCP"]]))[0];
    await withPolicies(
      [
        policy("p", {
          ...only("a"),
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { team: "blue" } },
                  podSelector: { matchLabels: { role: "client" } },
                },
              ],
            },
          ],
        }),
      ],
      async () => {
        expect(await toA("y/c")).toBe(false);
        await label("y", "pod", "c", "role=client");
        await label("y", "namespace", "y", "team=blue");
        expect(await toA("y/c")).toBe(true);
        expect(await toA("y/b")).toBe(false);
        await label("y", "namespace", "y", "team-");
        expect(await toA("y/c")).toBe(false);
        await label("y", "pod", "c", "role-");
      },
    );
  });
});

describe("by way of Services", () => {
  it("the pod and its port count, not the Service's; and a pod reaches itself", async () => {
    const addressOf = async (name: string) =>
      (await inNamespace("x").get(`services/${name}`)).spec.clusterIP as string;
    const [a, b] = [await addressOf("a"), await addressOf("b")];
    expect(await probe("y/a", [[a, 8080, "TCP"]])).toEqual([true]);
    await withPolicies(
      [
        policy("p", { ...only("a"), ingress: [{ ports: [{ port: 80, protocol: "TCP" }] }] }),
        policy("q", { ...only("b"), ingress: [{ ports: [{ port: 8080, protocol: "TCP" }] }] }),
      ],
      async () => {
        expect(
          await probe("y/a", [
            [a, 8080, "TCP"],
            [b, 8080, "TCP"],
          ]),
        ).toEqual([true, false]);
        expect(await probe("x/b", [[b, 8080, "TCP"]])).toEqual([true]);
      },
    );
    await withPolicies(
      [
        policy("p", {
          ...only("c"),
          policyTypes: ["Egress"],
          egress: [{ to: [only("a")], ports: [{ port: 80, protocol: "TCP" }] }],
        }),
      ],
      async () => {
        expect(
          await probe("x/c", [
            [a, 8080, "TCP"],
            [b, 8080, "TCP"],
          ]),
        ).toEqual([true, false]);
      },
    );
  });

  it("names are found only if the cluster's name service may be asked; the API is on the pod's node", async () => {
    const lookup = () =>
      command<string[] | string>(ips.get("x/a")!, {
        command: "lookup",
        name: "kubernetes.default.svc.cluster.local",
      });
    const [api] = (await lookup()) as string[];
    const kubeDns = {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    };
    const spec = { ...only("a"), policyTypes: ["Egress"] };
    await withPolicies([policy("p", spec)], async () => {
      expect(await lookup()).toMatch(/TIMEOUT|REFUSED/);
      expect(await probe("x/a", [[api!, 443, "TCP"]])).toEqual([true]);
    });
    await withPolicies(
      [policy("p", { ...spec, egress: [{ to: [kubeDns], ports: [{ port: 53, protocol: "UDP" }] }] })],
      async () => {
        expect(await lookup()).toEqual([api]);
        expect(await probe("x/a", [[ips.get("x/b")!, 80, "TCP"]])).toEqual([false]);
      },
    );
  });
});

describe("a pod's life", () => {
  const DENY = policy("p", {
    podSelector: { matchLabels: { set: "early" } },
    policyTypes: ["Ingress", "Egress"],
  });

  it("begins under its policies: neither its first packet leaves, nor does one come in", async () => {
    const space = inNamespace("z");
    const target = ips.get("x/a")!;
    const prefix = target.split(".").slice(0, 3).join(".");
    // The very first thing that it does; and it serves before it says a word.
    const program = `
      const { connect, createServer } = require("node:net");
      createServer((s) => { console.log("LET IN"); s.destroy(); }).listen(8123);
      const s = connect({ host: "${target}", port: 80, timeout: 1500 });
      s.on("connect", () => console.log("GOT OUT")).on("error", () => console.log("cut off")).on("timeout", () => { console.log("cut off"); s.destroy(); });
      setInterval(() => {}, 1000);`;
    await withPolicies(
      [DENY],
      async () => {
        const names = Array.from({ length: 6 }, (_, index) => `early-${index}`);
        await space.apply(names.map((name) => nodePod(name, program, { labels: { set: "early" } })));
        let isOver = false;
        const hammered = (async () => {
          const all = Array.from(
            { length: 60 },
            (_, index): Target => [`${prefix}.${index + 2}`, 8123, "TCP"],
          );
          let reached = 0;
          while (!isOver) reached += (await probe("x/b", all, 100)).filter(Boolean).length;
          return reached;
        })();
        for (const name of names)
          await eventually(`${name} speaks`, async () => (await space.logs(name)).trim() !== "", 60_000);
        isOver = true;
        expect(await hammered).toBe(0);
        for (const name of names) expect(await space.logs(name)).toBe("cut off\n");
        await space.must("delete", "pod", "-l", "set=early", "--now");
      },
      "z",
    );
  }, 120_000);

  it("is probed though nobody is let in", async () => {
    const space = inNamespace("z");
    await withPolicies(
      [DENY],
      async () => {
        const http = {
          readinessProbe: { httpGet: { port: 8000 }, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
        };
        await space.apply(
          nodePod(
            "probed",
            `require("node:http").createServer((q, s) => s.end("ok")).listen(8000)`,
            { labels: { set: "early" } },
            http,
          ),
        );
        const pod = await space.untilReady("probed");
        expect(await probe("z/a", [[pod.status.podIP, 8000, "TCP"]])).toEqual([false]);
        await new Promise((resolve) => setTimeout(resolve, 2500));
        const later = await space.pod("probed");
        expect(later.status.containerStatuses[0]).toMatchObject({ ready: true, restartCount: 0 });
        await space.must("delete", "pod", "probed", "--now");
      },
      "z",
    );
  }, 60_000);
});

describe("connections that are under way", () => {
  it.each([
    ["ingress", policy("p", only("b"))],
    ["egress", policy("p", { ...only("a"), policyTypes: ["Egress"] })],
  ])("end when %s is forbidden", async (_what, forbidding) => {
    const ask = () => command<boolean>(ips.get("x/a")!, { command: "ask" });
    expect(await command(ips.get("x/a")!, { command: "keep", host: ips.get("x/b"), port: 80 })).toBe(true);
    expect(await ask()).toBe(true);
    await withPolicies([forbidding], async () => {
      expect(await ask()).toBe(false);
    });
  });

  it("go on when policies come that allow them", async () => {
    expect(await command(ips.get("x/a")!, { command: "keep", host: ips.get("x/b"), port: 80 })).toBe(true);
    await withPolicies(
      [policy("p", { ingress: [{ from: [only("a")], ports: [{ port: 80 }] }] })],
      async () => {
        expect(await command(ips.get("x/a")!, { command: "ask" })).toBe(true);
      },
    );
  });
});

describe("the program", () => {
  const tables = async () => (await run("nft", ["list", "tables"])).stdout;

  it("may be away: what is forbidden stays so, and connections go on when it comes back", async () => {
    await withPolicies([policy("p", { ...only("b"), ingress: [{ from: [only("a")] }] })], async () => {
      expect(await command(ips.get("x/a")!, { command: "keep", host: ips.get("x/b"), port: 80 })).toBe(true);
      await kube.platform.kill();
      const targets: Target[] = [[ips.get("x/b")!, 80, "TCP"]];
      expect(await probe("x/c", targets)).toEqual([false]);
      await until(() => probe("x/a", targets), [true]);
      await kube.platform.up();
      // A busy machine may answer late; a connection that was cut never answers.
      await until(() => command(ips.get("x/a")!, { command: "ask" }), true);
      expect(await probe("x/c", targets)).toEqual([false]);
      await until(() => probe("x/a", targets), [true]);
      await label("x", "pod", "c", "pod=a");
      await until(() => probe("x/c", targets), [true]);
      await label("x", "pod", "c", "pod=c");
      await until(() => probe("x/c", targets), [false]);
    });
  }, 120_000);

  it("leaves no rule of policies that are gone", async () => {
    const config = readFileSync(`${kube.platform.home}/config.yaml`, "utf8");
    const table = `inet gantry_${/instanceId: *['"]?(\w+)/.exec(config)![1]}_netpol`;
    await withPolicies([policy("p", {})], async () => {
      expect(await tables()).toContain(table);
    });
    expect(await tables()).not.toContain(table);
    await expectReach(() => true);
  });
});
