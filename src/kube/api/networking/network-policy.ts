import { formatLabelSelector } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec } from "../generated/types.ts";
import { warningsOfCidr } from "../ip-address.ts";
import type { KindDefinition } from "../types.ts";
import { validateNetworkPolicySpec } from "./validate-network-policy.ts";

export const networkPolicies: KindDefinition<NetworkPolicy> = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  resource: "networkpolicies",
  singular: "networkpolicy",
  shortNames: ["netpol"],
  namespaced: true,
  model: "io.k8s.api.networking.v1.NetworkPolicy",
  hasStatus: false,
  tracksGeneration: true,
  generationTellsEmptyFromNone: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate: ({ spec }) => validateNetworkPolicySpec(spec),
  // As upstream, which validates the spec of an update twice.
  validateUpdate: ({ spec }) => validateNetworkPolicySpec(spec),
  warnings: ({ spec }) => warningsOfPeers(spec),
  columns: [
    nameColumn,
    textColumn("Pod-Selector", ({ spec }: NetworkPolicy) => formatLabelSelector(spec.podSelector)),
    ageColumn,
  ],
};

function defaults({ spec }: NetworkPolicy): void {
  if (spec === undefined) return;
  for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of ports ?? []) port.protocol ??= "TCP";
  if (!spec.policyTypes?.length) spec.policyTypes = ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
}

function warningsOfPeers({ ingress = [], egress = [] }: NetworkPolicySpec): string[] {
  return [
    ...ingress.flatMap(({ from }, index) => warningsOfList(from, `spec.ingress[${index}].from`)),
    ...egress.flatMap(({ to }, index) => warningsOfList(to, `spec.egress[${index}].to`)),
  ];
}

function warningsOfList(peers: readonly NetworkPolicyPeer[] | undefined, path: string): string[] {
  return (peers ?? []).flatMap(({ ipBlock }, index) =>
    ipBlock === undefined ? [] : warningsOfBlock(ipBlock, `${path}[${index}].ipBlock`),
  );
}

function warningsOfBlock({ cidr, except = [] }: IPBlock, path: string): string[] {
  return [
    ...warningsOfCidr(`${path}.cidr`, cidr),
    ...except.flatMap((one, index) => warningsOfCidr(`${path}.except[${index}]`, one)),
  ];
}
