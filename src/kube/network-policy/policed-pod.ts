import { isIP } from "node:net";
import { type Container, isPodPhaseTerminal, type Pod } from "../api/index.ts";
import type { Protocol } from "./policy-rules.ts";

export interface NamedPort {
  name: string;
  protocol: Protocol;
  port: number;
}

/** A pod as policies see it. */
export interface PolicedPod {
  uid: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** None: it has none yet, has ended, or uses its node's. */
  addresses: readonly string[];
  ports: readonly NamedPort[];
  /** Runs on this node: what it may do is enforced here. */
  isLocal: boolean;
  /** Of two that claim one address the greater has it: the other is about to be known as gone. */
  rank: number;
}

export interface PodSighting {
  pod: Pod;
  nodeName: string;
  /** What the node itself knows of the addresses; goes before the pod's status. */
  addresses?: readonly string[] | undefined;
  rank?: number | undefined;
}

export function policedPodOf({ pod, nodeName, addresses, rank }: PodSighting): PolicedPod {
  const { metadata, spec, status } = pod;
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? "",
    labels: metadata.labels ?? {},
    addresses: spec.hostNetwork ? [] : [...new Set(addresses ?? addressesOf(status))].filter(isAddress),
    ports: namedPortsOf(pod),
    isLocal: spec.nodeName === nodeName,
    rank: rank ?? (Date.parse(metadata.creationTimestamp ?? "") || 0),
  };
}

function addressesOf(status: Pod["status"]): string[] {
  if (isPodPhaseTerminal(status?.phase)) return [];
  return [status?.podIP ?? "", ...(status?.podIPs ?? []).map(({ ip }) => ip ?? "")].filter((ip) => ip !== "");
}

/** Whoever may write a pod's status must not write into the rules. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

function namedPortsOf({ spec }: Pod): NamedPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...sidecars, ...spec.containers].flatMap(portsOfContainer);
}

function portsOfContainer({ ports = [] }: Container): NamedPort[] {
  return ports.flatMap(({ name, containerPort, protocol = "TCP" }) =>
    name ? [{ name, port: containerPort, protocol: protocol.toLowerCase() as Protocol }] : [],
  );
}
