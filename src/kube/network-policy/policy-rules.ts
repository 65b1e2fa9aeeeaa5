import {
  type LabelSelector,
  type LabelSelectorObject,
  labelSelectorFrom,
  selectEverything,
  selectNothing,
} from "../../formats/index.ts";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../api/index.ts";
import { type AddressRange, rangesOfBlocks } from "./address-ranges.ts";

export type Protocol = "tcp" | "udp" | "sctp";
export type Direction = "ingress" | "egress";

/** Pods by their labels, in one namespace or in those whose labels match. */
export interface PeerSelector {
  namespace: string | LabelSelector;
  pods: LabelSelector;
}

/** Of a protocol all ports, those from `first` to `last`, or the one that the target pod's containers call `name`. */
export type PortMatch = { protocol: Protocol } & (
  | { kind: "any" }
  | { kind: "numbers"; first: number; last: number }
  | { kind: "name"; name: string }
);

/** Traffic with one of the peers on one of the ports. Absent lists let everything through. */
export interface PolicyRule {
  peers: { selectors: PeerSelector[]; ranges: AddressRange[] } | undefined;
  ports: PortMatch[] | undefined;
}

export interface PolicyRules {
  pods: LabelSelector;
  /** Absent: the policy does not isolate its pods in this direction. */
  ingress: PolicyRule[] | undefined;
  egress: PolicyRule[] | undefined;
}

/** What a NetworkPolicy says (networking.k8s.io/v1), with its defaults. */
export function policyRulesOf({ metadata, spec }: NetworkPolicy): PolicyRules {
  const { podSelector, policyTypes, ingress = [], egress = [] } = spec;
  const types = policyTypes?.length ? policyTypes : ["Ingress", ...(egress.length > 0 ? ["Egress"] : [])];
  const namespace = metadata.namespace ?? "";
  return {
    pods: selectorOf(podSelector),
    ingress: types.includes("Ingress")
      ? ingress.map(({ from, ports }) => ruleOf(namespace, from, ports))
      : undefined,
    egress: types.includes("Egress")
      ? egress.map(({ to, ports }) => ruleOf(namespace, to, ports))
      : undefined,
  };
}

function ruleOf(
  namespace: string,
  peers: readonly NetworkPolicyPeer[] = [],
  ports: readonly NetworkPolicyPort[] = [],
): PolicyRule {
  return {
    peers: peers.length === 0 ? undefined : peersOf(namespace, peers),
    ports: ports.length === 0 ? undefined : ports.flatMap(portOf),
  };
}

function peersOf(
  namespace: string,
  peers: readonly NetworkPolicyPeer[],
): { selectors: PeerSelector[]; ranges: AddressRange[] } {
  const selectors: PeerSelector[] = [];
  const blocks: IPBlock[] = [];
  for (const { ipBlock, namespaceSelector, podSelector } of peers) {
    if (ipBlock) blocks.push(ipBlock);
    if (namespaceSelector ?? podSelector) {
      selectors.push({
        namespace: namespaceSelector ? selectorOf(namespaceSelector) : namespace,
        pods: podSelector ? selectorOf(podSelector) : selectEverything,
      });
    }
  }
  return { selectors, ranges: rangesOfBlocks(blocks) };
}

function portOf({ protocol = "TCP", port, endPort }: NetworkPolicyPort): PortMatch[] {
  const known = protocol.toLowerCase();
  if (known !== "tcp" && known !== "udp" && known !== "sctp") return [];
  if (port === undefined) return [{ protocol: known, kind: "any" }];
  if (typeof port === "string") return [{ protocol: known, kind: "name", name: port }];
  return [{ protocol: known, kind: "numbers", first: port, last: endPort ?? port }];
}

/** One that cannot be read stands from before it was checked: what it lets through is nothing. */
function selectorOf(selector: LabelSelectorObject): LabelSelector {
  try {
    return labelSelectorFrom(selector);
  } catch {
    return selectNothing;
  }
}
