import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../src/base/index.ts";
import { inNetworkNamespace, pinNamespaces, unpinNamespaces } from "../../src/kernel/index.ts";
import type { NetworkPolicy } from "../../src/kube/api/index.ts";
import type { PolicedPod } from "../../src/kube/network-policy/policed-pod.ts";
import { PolicyWorld } from "../../src/kube/network-policy/policy-world.ts";
import { TableWriter } from "../../src/kube/network-policy/table-writer.ts";
import { quantiles } from "./quantiles.ts";

// Prints JSON: what one change costs among so many policies and pods.
const SIZE = { policies: 1000, pods: 5000 };
const NAMESPACES = 50;
const APPS = 20;
const TIMES = 30;

interface Cost {
  /** Working them out. */
  computeMs: number;
  /** Until the kernel has them. */
  totalMs: number;
}

/** In a network namespace of its own. */
function inNamespace<T>(work: () => T): T {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bench-netpol-"));
  const { net } = pinNamespaces(dir, ["net"]);
  try {
    return inNetworkNamespace(net, work);
  } finally {
    unpinNamespaces(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

function measure({ policies, pods }: typeof SIZE) {
  const world = new PolicyWorld({ table: "policies", families: [4], nameServers: [] });
  const writer = new TableWriter(world.table, silentLogger);
  const written = (change: (round: number) => void): Cost => {
    const rounds = Array.from({ length: TIMES }, (_, round) => {
      const beganMs = performance.now();
      change(round);
      const computedMs = performance.now();
      writer.write();
      const endedMs = performance.now();
      writer.collectGarbage();
      return { computeMs: computedMs - beganMs, totalMs: endedMs - beganMs };
    });
    const of = (name: keyof Cost) => quantiles(rounds.map((round) => round[name])).p50;
    return { computeMs: of("computeMs"), totalMs: of("totalMs") };
  };
  const load = loaded(world, writer, policies, pods);
  return {
    policies,
    pods,
    podsOfThisNode: Math.ceil(pods / NAMESPACES),
    load,
    // Three peers select it.
    podElsewhere: written((round) => world.setPod(`new-${round}`, podAt(pods + round, 1))),
    podHere: written((round) =>
      world.setPod(`own-${round}`, { ...podAt(pods + 500 + round, 1), isLocal: true }),
    ),
    podRelabelled: written((round) => {
      const pod = podAt(1, 1);
      world.setPod(pod.uid, { ...pod, labels: { ...pod.labels, app: appOf(round * NAMESPACES) } });
    }),
    namespaceRelabelled: written((round) => world.setNamespace("ns-7", { team: `team-${round % 5}` })),
    policyChanged: written((round) => {
      const changed = policyAt(3);
      changed.spec.ingress = [{ ports: [{ port: 1000 + round }] }];
      world.setPolicy("ns-3/policy-3", changed);
    }),
  };
}

function loaded(world: PolicyWorld, writer: TableWriter, policies: number, pods: number): Cost {
  const beganMs = performance.now();
  for (let index = 0; index < NAMESPACES; index++)
    world.setNamespace(`ns-${index}`, { team: `team-${index % 5}` });
  for (let index = 0; index < policies; index++)
    world.setPolicy(`ns-${index % NAMESPACES}/policy-${index}`, policyAt(index));
  for (let index = 0; index < pods; index++) world.setPod(`pod-${index}`, podAt(index, index % NAMESPACES));
  const computedMs = performance.now();
  writer.write();
  const totalMs = performance.now() - beganMs;
  return { computeMs: Math.round(computedMs - beganMs), totalMs: Math.round(totalMs) };
}

/** Of all sorts in each namespace. */
const appOf = (index: number) => `app-${Math.floor(index / NAMESPACES) % APPS}`;

function podAt(index: number, namespace: number): PolicedPod {
  return {
    uid: `pod-${index}`,
    namespace: `ns-${namespace}`,
    labels: { app: appOf(index), tier: index % 2 === 0 ? "front" : "back" },
    addresses: [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`],
    ports: [{ name: "web", protocol: "tcp", port: 8080 }],
    isLocal: index % NAMESPACES === 0,
    rank: 0,
  };
}

/** Each with peers of its own namespace, of a team's, and outside. */
function policyAt(index: number): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `policy-${index}`, namespace: `ns-${index % NAMESPACES}` },
    spec: {
      podSelector: { matchLabels: { app: appOf(index) } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: appOf(index + NAMESPACES) } } },
            {
              namespaceSelector: { matchLabels: { team: `team-${index % 5}` } },
              podSelector: { matchLabels: { app: appOf(index), tier: "front" } },
            },
          ],
          ports: [{ port: "web" }, { port: 9000 + index }],
        },
      ],
      egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24", except: [`192.0.2.${index % 256}/32`] } }] }],
    },
  } as unknown as NetworkPolicy;
}

process.stdout.write(
  `${JSON.stringify(
    inNamespace(() => measure(SIZE)),
    null,
    2,
  )}\n`,
);
