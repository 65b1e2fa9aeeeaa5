import { shortHash } from "../../base/index.ts";
import type { LabelSelector } from "../../formats/index.ts";
import type { Family } from "./address-ranges.ts";
import type { PolicedPod } from "./policed-pod.ts";
import type { PeerSelector, Protocol } from "./policy-rules.ts";

export type Labels = Readonly<Record<string, string>>;

/** A set of the table, one a family, that holds something of every pod that it takes. */
export interface PodSet {
  /** Without its family. Equal sets have equal names. */
  name: string;
  /** What an element is made of after the address. */
  elementType: "" | " . inet_service";
  /** A pod that does not have this among its `tagsOf` is not taken: most need not be looked at. */
  tag: string;
  /** `namespaceLabels`: undefined for a namespace that is not known. */
  takes(pod: PolicedPod, namespaceLabels: Labels | undefined): boolean;
  elementsOf(pod: PolicedPod, address: string): string[];
}

const EVERY_POD = "*";
const tagOfNamespace = (namespace: string) => `ns ${namespace}`;
const tagOfLabel = (key: string, value: string) => `label ${key}=${value}`;
const tagOfPort = (protocol: string, name: string) => `port ${name}/${protocol}`;

export function tagsOf({ namespace, labels, ports }: PolicedPod): string[] {
  return [
    EVERY_POD,
    tagOfNamespace(namespace),
    ...Object.entries(labels).map(([key, value]) => tagOfLabel(key, value)),
    ...ports.map(({ name, protocol }) => tagOfPort(protocol, name)),
  ];
}

export const setName = ({ name }: PodSet, family: Family) => `${name}_${family}`;

/** The addresses of the pods that a peer selects. */
export function podsOfPeer({ namespace, pods }: PeerSelector): PodSet {
  const isOwn = typeof namespace === "string";
  const where = isOwn ? `in ${namespace}` : `where ${keyOf(namespace)}`;
  return {
    name: `pods_${shortHash(`${where} / ${keyOf(pods)}`, 16)}`,
    elementType: "",
    tag: labelTag(pods) ?? (isOwn ? tagOfNamespace(namespace) : EVERY_POD),
    takes: (pod, namespaceLabels) => {
      const isThere = isOwn
        ? pod.namespace === namespace
        : namespaceLabels !== undefined && namespace.matches(namespaceLabels);
      return isThere && pods.matches(pod.labels);
    },
    elementsOf: (_pod, address) => [address],
  };
}

/** Where the pods' containers listen on a port of this name. */
export function portsNamed(protocol: Protocol, name: string): PodSet {
  return {
    name: `ports_${shortHash(`${name}/${protocol}`, 16)}`,
    elementType: " . inet_service",
    tag: tagOfPort(protocol, name),
    takes: ({ ports }) => ports.some((port) => port.name === name && port.protocol === protocol),
    elementsOf: ({ ports }, address) => {
      const meant = ports.filter((port) => port.name === name && port.protocol === protocol);
      return [...new Set(meant.map(({ port }) => `${address} . ${port}`))];
    },
  };
}

const keyOf = (selector: LabelSelector) => (selector.matchesAnything ? selector.toString() : "nothing!");

/** A label that the selector asks for in any case. */
function labelTag({ requirements }: LabelSelector): string | undefined {
  const sure = requirements.find(
    ({ operator, values }) => (operator === "=" || operator === "in") && values.length === 1,
  );
  return sure && tagOfLabel(sure.key, sure.values[0]!);
}
