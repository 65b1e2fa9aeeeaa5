import { shortHash } from "../../base/index.ts";
import type { Family } from "./address-ranges.ts";
import { ADDRESS_TYPE } from "./policy-chain.ts";
import type { Direction } from "./policy-rules.ts";

export const podMap = (direction: Direction, family: Family) => `${direction}_pods_${family}`;
export const SELF = "self";
export const selfSet = (family: Family) => `${SELF}_${family}`;
const PROTOCOL: Record<Family, string> = { 4: "ip", 6: "ip6" };

export interface BaseOptions {
  families: readonly Family[];
  /** Addresses of this node at whose port 53 the cluster's name service answers. */
  nameServers: readonly { family: Family; address: string }[];
}

/** The body of the sets and maps that are always there, by their names. */
export function baseSets(families: readonly Family[]): Map<string, { kind: "set" | "map"; body: string }> {
  const sets = new Map<string, { kind: "set" | "map"; body: string }>();
  for (const family of families) {
    const type = ADDRESS_TYPE[family];
    for (const direction of ["ingress", "egress"] as const)
      sets.set(podMap(direction, family), { kind: "map", body: `type ${type} : verdict;` });
    sets.set(selfSet(family), { kind: "set", body: `type ${type} . ${type};` });
  }
  return sets;
}

/**
 * The last rules of a pod that policies select: a pod reaches itself, by way of a Service, whatever they say; all else
 * that none of them has accepted is dropped.
 */
export function lastRules(families: readonly Family[]): string[] {
  return [
    ...families.map((family) => {
      const ip = PROTOCOL[family];
      return `ct original ${ip} saddr . ct reply ${ip} saddr @${selfSet(family)} accept`;
    }),
    "drop",
  ];
}

/**
 * Where packets enter: one look-up for who opened the connection, one for where it leads to. A chain's `accept` ends
 * that chain only, so that both ends' policies are asked.
 * - What the node itself sends to its pods is not forwarded and so never comes here: probes are not policies' business,
 *   nor is what a pod asks of its own node (networking.k8s.io/v1: traffic to and from the pod's node is always allowed).
 * - The cluster's name service answers on the node, in place of pods: it alone is judged like one.
 * - Errors (ICMP) that belong to a connection pass: path MTU discovery lives on them.
 * - What connection tracking cannot place has no connection that could be judged; it is taken for the first packet of one.
 */
export function baseChains({ families, nameServers }: BaseOptions): string {
  const lookUps = (direction: Direction, end: "original" | "reply", own: "saddr" | "daddr") =>
    families.flatMap((family) => [
      `ct state invalid,untracked ${PROTOCOL[family]} ${own} vmap @${podMap(direction, family)}`,
      `ct ${end} ${PROTOCOL[family]} saddr vmap @${podMap(direction, family)}`,
    ]);
  const errors = families.map(
    (family) => `ct state related meta l4proto ${family === 4 ? "icmp" : "icmpv6"} accept`,
  );
  const questions = nameServers.flatMap(({ family, address }) =>
    ["udp", "tcp"].map((protocol) => {
      const ip = PROTOCOL[family];
      const isQuestion = `ct reply ${ip} saddr ${address} meta l4proto ${protocol} ct reply proto-src 53`;
      return `${isQuestion} ct original ${ip} saddr vmap @${podMap("egress", family)}`;
    }),
  );
  return `
  chain egress {
    type filter hook forward priority -6; policy accept;
    ${[...errors, ...lookUps("egress", "original", "saddr")].join("\n    ")}
  }
  chain ingress {
    type filter hook forward priority -5; policy accept;
    ${[...errors, ...lookUps("ingress", "reply", "daddr")].join("\n    ")}
  }
  chain questions {
    type filter hook input priority -6; policy accept;
    ${questions.join("\n    ")}
  }`;
}

/** Tells tables with other base chains apart. */
export function baseMark(options: BaseOptions): string {
  const sets = [...baseSets(options.families)].map(([name, { body }]) => `${name} ${body}`);
  return `base_${shortHash([baseChains(options), ...sets].join("\n"), 16)}`;
}
