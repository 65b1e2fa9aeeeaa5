import { expect, it } from "vitest";
import type { NetworkPolicy } from "../api/index.ts";
import { ALL, addressOf, policy, ThreeByThree, type Where } from "./testing/three-by-three.ts";

type Protocol = "tcp" | "udp" | "sctp" | "icmp";
/** Whether `from` reaches `to`; what a pod asks of itself is not asked. */
type Reaches = (from: Where, to: Where, port: number, protocol: Protocol) => boolean;

const TRAFFIC: [Protocol, number][] = [
  ["tcp", 80],
  ["tcp", 81],
  ["udp", 80],
  ["udp", 81],
  ["sctp", 80],
  ["icmp", 8],
];

const pod = (name: string) => ({ podSelector: { matchLabels: { pod: name } } });
const ns = (name: string) => ({ namespaceSelector: { matchLabels: { ns: name } } });
const inNs = (...values: string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: "ns", operator: "In", values }] },
});
const notIn = (key: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator: "NotIn", values }],
});
const block = (cidr: string, ...except: string[]) => ({ ipBlock: { cidr, except } });
const tcp = (port?: number | string, endPort?: number) => ({ protocol: "TCP", port, endPort });
const udp = (port?: number | string) => ({ protocol: "UDP", port });
const sctp = (port?: number | string) => ({ protocol: "SCTP", port });

const inX = (where: Where) => where.startsWith("x/");
const is = (where: Where, ...all: Where[]) => all.includes(where);
const isPod = (where: Where, ...names: string[]) => names.includes(where.split("/")[1]!);
const isNs = (where: Where, ...names: string[]) => names.includes(where.split("/")[0]!);
const onlyTo =
  (target: (to: Where) => boolean, rule: Reaches): Reaches =>
  (from, to, port, protocol) =>
    !target(to) || rule(from, to, port, protocol);
const onlyFrom =
  (source: (from: Where) => boolean, rule: Reaches): Reaches =>
  (from, to, port, protocol) =>
    !source(from) || rule(from, to, port, protocol);
const toXa = (rule: Reaches) => onlyTo((to) => to === "x/a", rule);
const fromXa = (rule: Reaches) => onlyFrom((from) => from === "x/a", rule);
const selectA = pod("a");
const never: Reaches = () => false;
const always: Reaches = () => true;

/** Where they stand in upstream's test/e2e/network/netpol/network_policy.go, cases have the names of its tests. */
const CASES: [name: string, policies: NetworkPolicy[], reaches: Reaches][] = [
  ["no policy", [], always],
  ["default-deny-ingress", [policy({ policyTypes: ["Ingress"] })], onlyTo(inX, never)],
  [
    "default-deny-all",
    [policy({ policyTypes: ["Ingress", "Egress"] })],
    (from, to) => !inX(from) && !inX(to),
  ],
  ["default-deny-egress", [policy({ policyTypes: ["Egress"] })], onlyFrom(inX, never)],
  ["a policy without types is of ingress", [policy({})], onlyTo(inX, never)],
  ["empty types are no types", [policy({ policyTypes: [] })], onlyTo(inX, never)],
  [
    "a policy without types that has egress rules is of both",
    [policy({ egress: [{ to: [pod("b")] }] })],
    (from, to) => !inX(to) && (!inX(from) || is(to, "x/b")),
  ],
  [
    "a policy of egress alone may have ingress rules, which say nothing",
    [policy({ policyTypes: ["Egress"], ingress: [{ from: [pod("b")] }], egress: [{}] })],
    always,
  ],
  [
    "egress rules of a policy of ingress say nothing",
    [policy({ policyTypes: ["Ingress"], ingress: [{}], egress: [] })],
    always,
  ],
  [
    "allow traffic from pods within server namespace based on PodSelector",
    [policy({ ...selectA, ingress: [{ from: [pod("b")] }] })],
    toXa((from) => is(from, "x/b")),
  ],
  [
    "allow ingress traffic for a target",
    [policy({}, "deny"), policy({ ...selectA, ingress: [{}] }, "allow")],
    onlyTo(inX, (_, to) => to === "x/a"),
  ],
  [
    "allow ingress traffic from pods in all namespaces",
    [policy({ ...selectA, ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    toXa((from) => from !== "outside"),
  ],
  [
    "allow traffic only from a different namespace, based on NamespaceSelector",
    [policy({ ...selectA, ingress: [{ from: [ns("y")] }] })],
    toXa((from) => isNs(from, "y")),
  ],
  [
    "PodSelector with MatchExpressions",
    [
      policy({
        ...selectA,
        ingress: [
          { from: [{ podSelector: { matchExpressions: [{ key: "pod", operator: "In", values: ["b"] }] } }] },
        ],
      }),
    ],
    toXa((from) => is(from, "x/b")),
  ],
  [
    "PodSelector with several values",
    [
      policy({
        ...selectA,
        ingress: [
          {
            from: [
              { podSelector: { matchExpressions: [{ key: "pod", operator: "In", values: ["b", "c"] }] } },
            ],
          },
        ],
      }),
    ],
    toXa((from) => is(from, "x/b", "x/c")),
  ],
  [
    "PodSelector with NotIn",
    [policy({ ...selectA, ingress: [{ from: [{ podSelector: notIn("pod", "b") }] }] })],
    toXa((from) => is(from, "x/c")),
  ],
  [
    "PodSelector with Exists and DoesNotExist",
    [
      policy({
        ...selectA,
        ingress: [
          {
            from: [
              {
                podSelector: {
                  matchExpressions: [
                    { key: "pod", operator: "Exists" },
                    { key: "other", operator: "DoesNotExist" },
                  ],
                },
              },
            ],
          },
        ],
      }),
    ],
    toXa((from) => inX(from)),
  ],
  [
    "NamespaceSelector with MatchExpressions",
    [policy({ ...selectA, ingress: [{ from: [inNs("y")] }] })],
    toXa((from) => isNs(from, "y")),
  ],
  [
    "NamespaceSelector with NotIn",
    [policy({ ...selectA, ingress: [{ from: [{ namespaceSelector: notIn("ns", "x") }] }] })],
    toXa((from) => isNs(from, "y", "z")),
  ],
  [
    "PodSelector or NamespaceSelector",
    [policy({ ...selectA, ingress: [{ from: [{ namespaceSelector: notIn("ns", "x") }, pod("b")] }] })],
    toXa((from) => isNs(from, "y", "z") || is(from, "x/b")),
  ],
  [
    "PodSelector and NamespaceSelector",
    [policy({ ...selectA, ingress: [{ from: [{ namespaceSelector: notIn("ns", "x"), ...pod("b") }] }] })],
    toXa((from) => is(from, "y/b", "z/b")),
  ],
  [
    "Multiple PodSelectors and NamespaceSelectors",
    [
      policy({
        ...selectA,
        ingress: [
          {
            from: [
              {
                namespaceSelector: notIn("ns", "x"),
                podSelector: { matchExpressions: [{ key: "pod", operator: "In", values: ["b", "c"] }] },
              },
            ],
          },
        ],
      }),
    ],
    toXa((from) => isNs(from, "y", "z") && isPod(from, "b", "c")),
  ],
  [
    "any PodSelectors",
    [policy({ ...selectA, ingress: [{ from: [pod("b"), pod("c")] }] })],
    toXa((from) => is(from, "x/b", "x/c")),
  ],
  [
    "allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
    [policy({ ...selectA, ingress: [{ from: [{ ...ns("y"), ...pod("a") }] }] })],
    toXa((from) => is(from, "y/a")),
  ],
  [
    "an empty PodSelector means the policy's namespace",
    [policy({ ...selectA, ingress: [{ from: [{ podSelector: {} }] }] })],
    toXa((from) => inX(from)),
  ],
  [
    "Ports",
    [policy({ ...selectA, ingress: [{ from: [{ ...ns("y"), ...pod("a") }], ports: [tcp(81)] }] })],
    toXa((from, _, port, protocol) => is(from, "y/a") && protocol === "tcp" && port === 81),
  ],
  [
    "multiple, stacked policies with overlapping podSelectors",
    [
      policy({ ...selectA, ingress: [{ from: [{ ...ns("y"), ...pod("a") }], ports: [tcp(81)] }] }, "one"),
      policy({ ...selectA, ingress: [{ from: [{ ...ns("y"), ...pod("a") }], ports: [tcp(80)] }] }, "two"),
    ],
    toXa((from, _, _port, protocol) => is(from, "y/a") && protocol === "tcp"),
  ],
  ["allow-all policy", [policy({ ingress: [{}] })], always],
  [
    "allow ingress access on one named port",
    [policy({ ingress: [{ ports: [tcp("serve-81-tcp")] }] })],
    onlyTo(inX, (_f, _t, port, protocol) => protocol === "tcp" && port === 81),
  ],
  [
    "allow ingress access from namespace on one named port",
    [policy({ ingress: [{ from: [ns("y")], ports: [tcp("serve-80-tcp")] }] })],
    onlyTo(inX, (from, _t, port, protocol) => isNs(from, "y") && protocol === "tcp" && port === 80),
  ],
  [
    "allow egress access on one named port",
    [policy({ policyTypes: ["Egress"], egress: [{ ports: [tcp("serve-80-tcp")] }] })],
    onlyFrom(inX, (_f, to, port, protocol) => to !== "outside" && protocol === "tcp" && port === 80),
  ],
  [
    "a port's name is of one protocol",
    [policy({ ingress: [{ ports: [udp("serve-80-tcp")] }] })],
    onlyTo(inX, never),
  ],
  [
    "a named port that no container has",
    [policy({ ingress: [{ ports: [tcp("nowhere")] }] })],
    onlyTo(inX, never),
  ],
  [
    "deny ingress from pods on other namespaces",
    [policy({ ingress: [{ from: [{ podSelector: {} }] }] })],
    onlyTo(inX, (from) => inX(from)),
  ],
  [
    "deny egress from pods based on PodSelector",
    [policy({ ...selectA, policyTypes: ["Egress"] })],
    fromXa(never),
  ],
  [
    "deny egress from all pods in a namespace",
    [policy({ policyTypes: ["Egress"], egress: [] })],
    onlyFrom(inX, never),
  ],
  [
    "Ingress, Egress specified together",
    [
      policy({
        ...selectA,
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: [pod("b")] }],
        egress: [{ ports: [tcp(80)] }],
      }),
    ],
    (from, to, port, protocol) =>
      (to !== "x/a" || is(from, "x/b")) && (from !== "x/a" || (protocol === "tcp" && port === 80)),
  ],
  [
    "denying of egress traffic on the client side (even if the server explicitly allows this traffic)",
    [
      policy(
        { ...selectA, policyTypes: ["Egress"], egress: [{ to: [{ ...ns("y"), ...pod("a") }] }] },
        "client",
      ),
      policy({ podSelector: {}, ingress: [{ from: [{ ...ns("x"), ...pod("a") }] }] }, "server", "y"),
    ],
    (from, to) => (from !== "x/a" || is(to, "y/a")) && (!isNs(to, "y") || is(from, "x/a")),
  ],
  [
    "egress to a server in a different namespace based on PodSelector and NamespaceSelector",
    [policy({ ...selectA, policyTypes: ["Egress"], egress: [{ to: [{ ...ns("y"), ...pod("a") }] }] })],
    fromXa((_, to) => is(to, "y/a")),
  ],
  [
    "ingress of any port on a specific protocol",
    [policy({ ...selectA, ingress: [{ ports: [tcp()] }] })],
    toXa((_f, _t, _p, protocol) => protocol === "tcp"),
  ],
  [
    "a port without protocol is of TCP",
    [policy({ ...selectA, ingress: [{ ports: [{ port: 80 }] }] })],
    toXa((_f, _t, port, protocol) => protocol === "tcp" && port === 80),
  ],
  [
    "a port entry without anything is TCP",
    [policy({ ...selectA, ingress: [{ ports: [{}] }] })],
    toXa((_f, _t, _p, protocol) => protocol === "tcp"),
  ],
  [
    "multiple ingress policies with ingress allow-all policy taking precedence",
    [policy({ ingress: [{ from: [pod("b")] }] }, "one"), policy({ ingress: [{}] }, "all")],
    always,
  ],
  [
    "multiple egress policies with egress allow-all policy taking precedence",
    [
      policy({ policyTypes: ["Egress"], egress: [{ to: [pod("b")] }] }, "one"),
      policy({ policyTypes: ["Egress"], egress: [{}] }, "all"),
    ],
    always,
  ],
  [
    "egress access to server in CIDR block",
    [policy({ ...selectA, policyTypes: ["Egress"], egress: [{ to: [block(`${addressOf("y/b")}/32`)] }] })],
    fromXa((_, to) => is(to, "y/b")),
  ],
  [
    "except clause while egress access to server in CIDR block",
    [
      policy({
        ...selectA,
        policyTypes: ["Egress"],
        egress: [{ to: [block("10.244.2.0/24", `${addressOf("y/b")}/32`)] }],
      }),
    ],
    fromXa((_, to) => is(to, "y/a", "y/c")),
  ],
  [
    "an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed",
    [
      policy(
        {
          ...selectA,
          policyTypes: ["Egress"],
          egress: [{ to: [block("10.244.2.0/24", `${addressOf("y/b")}/32`)] }],
        },
        "one",
      ),
      policy(
        { ...selectA, policyTypes: ["Egress"], egress: [{ to: [block(`${addressOf("y/b")}/32`)] }] },
        "two",
      ),
    ],
    fromXa((_, to) => isNs(to, "y")),
  ],
  [
    "an exception of one block does not hold for another of the same rule",
    [
      policy({
        ...selectA,
        policyTypes: ["Egress"],
        egress: [{ to: [block("10.244.2.0/24", "10.244.2.0/30"), block("10.244.2.2/32")] }],
      }),
    ],
    fromXa((_, to) => is(to, "y/b")),
  ],
  [
    "ingress and egress policies can be controlled independently based on PodSelector",
    [
      policy({ ...selectA, policyTypes: ["Egress"], egress: [] }, "egress"),
      policy({ ...selectA, policyTypes: ["Ingress"], ingress: [{}] }, "ingress"),
    ],
    fromXa(never),
  ],
  [
    "'protocol: SCTP' is not 'protocol: TCP'",
    [policy({ ...selectA, ingress: [{ ports: [sctp(80)] }] })],
    toXa((_f, _t, port, protocol) => protocol === "sctp" && port === 80),
  ],
  [
    "TCP when a policy specifies only UDP",
    [policy({ ...selectA, ingress: [{ ports: [udp(81)] }] })],
    toXa((_f, _t, port, protocol) => protocol === "udp" && port === 81),
  ],
  [
    "NamespaceSelector with MatchLabels using default ns label",
    [
      policy({
        ...selectA,
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "y" } } }] }],
      }),
    ],
    toXa((from) => isNs(from, "y")),
  ],
  [
    "NamespaceSelector with MatchExpressions using default ns label",
    [
      policy({
        ...selectA,
        ingress: [{ from: [{ namespaceSelector: notIn("kubernetes.io/metadata.name", "x") }] }],
      }),
    ],
    toXa((from) => isNs(from, "y", "z")),
  ],
  [
    "an endPort",
    [policy({ ...selectA, ingress: [{ ports: [tcp(79, 80)] }] })],
    toXa((_f, _t, port, protocol) => protocol === "tcp" && port === 80),
  ],
  [
    "an endPort around all",
    [policy({ ...selectA, ingress: [{ ports: [tcp(1, 65535)] }] })],
    toXa((_f, _t, _p, protocol) => protocol === "tcp"),
  ],
  [
    "several peers and several ports of one rule",
    [policy({ ...selectA, ingress: [{ from: [pod("b"), ns("y")], ports: [tcp(80), udp(81)] }] })],
    toXa(
      (from, _t, port, protocol) =>
        (is(from, "x/b") || isNs(from, "y")) &&
        ((protocol === "tcp" && port === 80) || (protocol === "udp" && port === 81)),
    ),
  ],
  [
    "peers and ports of different rules do not mix",
    [
      policy({
        ...selectA,
        ingress: [
          { from: [pod("b")], ports: [tcp(80)] },
          { from: [ns("y")], ports: [tcp(81)] },
        ],
      }),
    ],
    toXa(
      (from, _t, port, protocol) =>
        protocol === "tcp" && ((is(from, "x/b") && port === 80) || (isNs(from, "y") && port === 81)),
    ),
  ],
  [
    "named and numbered ports with several peers",
    [
      policy({
        ...selectA,
        ingress: [{ from: [pod("b"), pod("c")], ports: [tcp("serve-80-tcp"), udp(81)] }],
      }),
    ],
    toXa(
      (from, _t, port, protocol) =>
        is(from, "x/b", "x/c") &&
        ((protocol === "tcp" && port === 80) || (protocol === "udp" && port === 81)),
    ),
  ],
  [
    "a block of all addresses lets those outside in",
    [policy({ ...selectA, ingress: [{ from: [block("0.0.0.0/0")] }] })],
    always,
  ],
  [
    "all addresses but the pods'",
    [policy({ ...selectA, ingress: [{ from: [block("0.0.0.0/0", "10.244.0.0/16")] }] })],
    toXa((from) => from === "outside"),
  ],
  [
    "a block with host bits",
    [policy({ ...selectA, ingress: [{ from: [block("10.244.2.9/24")] }] })],
    toXa((from) => isNs(from, "y")),
  ],
  [
    "a block of the other family",
    [policy({ ...selectA, ingress: [{ from: [block("::/0")] }] })],
    toXa(never),
  ],
  [
    "several exceptions, one within the other",
    [
      policy({
        ...selectA,
        ingress: [{ from: [block("10.244.0.0/16", "10.244.2.0/24", "10.244.2.2/32", "10.244.3.1/32")] }],
      }),
    ],
    toXa((from) => inX(from) || is(from, "z/b", "z/c")),
  ],
  ["a selector that no pod matches", [policy({ podSelector: { matchLabels: { pod: "nobody" } } })], always],
  [
    "policies of other namespaces say nothing of the pods here",
    [policy({}, "p", "y")],
    onlyTo((to) => isNs(to, "y"), never),
  ],
  [
    "policies of both ends add up",
    [
      policy({ policyTypes: ["Egress"], egress: [{ to: [ns("y")] }] }, "out"),
      policy({ podSelector: {}, ingress: [{ from: [{ ...ns("x"), ...pod("b") }] }] }, "in", "y"),
    ],
    (from, to) => (!inX(from) || isNs(to, "y")) && (!isNs(to, "y") || is(from, "x/b")),
  ],
  [
    "equal policies of two names",
    [policy({ ingress: [{ from: [pod("b")] }] }, "one"), policy({ ingress: [{ from: [pod("b")] }] }, "two")],
    onlyTo(inX, (from) => is(from, "x/b")),
  ],
  [
    "no peers and no ports, both written as empty lists",
    [policy({ ingress: [{ from: [], ports: [] }] })],
    always,
  ],
  [
    "a rule for all peers beside one for some",
    [policy({ ...selectA, ingress: [{ ports: [tcp(80)] }, { from: [pod("b")] }] })],
    toXa((from, _t, port, protocol) => is(from, "x/b") || (protocol === "tcp" && port === 80)),
  ],
  [
    "egress by named port to one namespace",
    [policy({ policyTypes: ["Egress"], egress: [{ to: [ns("z")], ports: [udp("serve-81-udp")] }] })],
    onlyFrom(inX, (_f, to, port, protocol) => isNs(to, "z") && protocol === "udp" && port === 81),
  ],
  [
    "a peer that cannot be read is nobody",
    [
      policy({
        ...selectA,
        ingress: [{ from: [{ podSelector: { matchLabels: { "not a key": "x" } } }, pod("b")] }],
      }),
    ],
    toXa((from) => is(from, "x/b")),
  ],
];

const EVERYWHERE: Where[] = [...ALL, "outside"];

function expectReach(cluster: ThreeByThree, reaches: Reaches): void {
  const wrong: string[] = [];
  for (const from of EVERYWHERE) {
    for (const to of EVERYWHERE) {
      for (const [protocol, port] of TRAFFIC) {
        const expected = from === to || reaches(from, to, port, protocol);
        if (cluster.allows(from, to, port, protocol) !== expected)
          wrong.push(`${from} -> ${to} ${protocol} ${port}: ${expected ? "cut off" : "let through"}`);
      }
    }
  }
  expect(wrong).toEqual([]);
}

it.each(CASES)("%s", (_name, policies, reaches) => {
  const cluster = new ThreeByThree();
  const before = cluster.kernel.contents();
  for (const one of policies) cluster.setPolicy(one);
  cluster.commit();
  expectReach(cluster, reaches);
  for (const { metadata } of policies)
    cluster.world.setPolicy(`${metadata.namespace}/${metadata.name}`, undefined);
  cluster.commit();
  // Nothing is left of them.
  expect(cluster.kernel.contents()).toEqual(before);
});

it("has cases enough", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
});
