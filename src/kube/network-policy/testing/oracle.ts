import { isIP } from "node:net";
import { type LabelSelectorObject, labelSelectorFrom } from "../../../formats/index.ts";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../../api/index.ts";
import type { PolicedPod } from "../policed-pod.ts";
import type { Connection } from "./simulated-table.ts";

export interface State {
  namespaces: ReadonlyMap<string, Record<string, string>>;
  pods: readonly PolicedPod[];
  policies: readonly NetworkPolicy[];
}

/** What the API's text says of a connection, read off it one by one: no sets, no chains, nothing kept. */
export function mayConnect(state: State, connection: Connection): boolean {
  const { from, to } = connection;
  if (from === to) return true;
  const source = podAt(state, from);
  const target = podAt(state, to);
  const isAllowed = (pod: PolicedPod | undefined, type: "Ingress" | "Egress", peer: string) => {
    if (!pod?.isLocal) return true;
    const isolating = state.policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace &&
        spec.policyTypes!.includes(type) &&
        labelSelectorFrom(spec.podSelector).matches(pod.labels),
    );
    if (isolating.length === 0) return true;
    return isolating.some(({ metadata, spec }) => {
      const rules =
        type === "Ingress"
          ? (spec.ingress ?? []).map(({ from: peers, ports }) => ({ peers, ports }))
          : (spec.egress ?? []).map(({ to: peers, ports }) => ({ peers, ports }));
      return rules.some(
        ({ peers = [], ports = [] }) =>
          (peers.length === 0 || peers.some((one) => isPeer(state, metadata.namespace!, one, peer))) &&
          (ports.length === 0 || ports.some((one) => isPort(one, target, connection))),
      );
    });
  };
  return isAllowed(source, "Egress", to) && isAllowed(target, "Ingress", from);
}

/** The newest pod that says so has the address. */
function podAt({ pods }: State, address: string): PolicedPod | undefined {
  return pods
    .filter(({ addresses }) => addresses.includes(address))
    .reduce<PolicedPod | undefined>((best, pod) => (best && best.rank > pod.rank ? best : pod), undefined);
}

function isPeer(state: State, namespace: string, peer: NetworkPolicyPeer, address: string): boolean {
  if (peer.ipBlock) return isInBlock(peer.ipBlock, address);
  const pod = podAt(state, address);
  if (!pod) return false;
  const labels = state.namespaces.get(pod.namespace);
  const isThere = peer.namespaceSelector
    ? labels !== undefined && matches(peer.namespaceSelector, labels)
    : pod.namespace === namespace;
  return isThere && matches(peer.podSelector ?? {}, pod.labels);
}

function matches(selector: LabelSelectorObject, labels: Readonly<Record<string, string>>): boolean {
  return labelSelectorFrom(selector).matches(labels);
}

function isPort(
  { protocol = "TCP", port, endPort }: NetworkPolicyPort,
  target: PolicedPod | undefined,
  connection: Connection,
): boolean {
  if (protocol.toLowerCase() !== connection.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return connection.port >= port && connection.port <= (endPort ?? port);
  return (target?.ports ?? []).some(
    (one) => one.name === port && one.protocol === connection.protocol && one.port === connection.port,
  );
}

function isInBlock({ cidr, except = [] }: IPBlock, address: string): boolean {
  return isInCidr(cidr, address) && !except.some((one) => isInCidr(one, address));
}

function isInCidr(cidr: string, address: string): boolean {
  const [network, bits] = cidr.split("/");
  if (isIP(network!) !== isIP(address)) return false;
  return bitsOf(network!).slice(0, Number(bits)) === bitsOf(address).slice(0, Number(bits));
}

/** IPv4 and plain, whole IPv6 addresses. */
function bitsOf(address: string): string {
  if (!address.includes(":"))
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  const [head, tail] = address.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length;
  return [...head!, ...new Array<string>(zeros).fill("0"), ...(tail ?? [])]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}
