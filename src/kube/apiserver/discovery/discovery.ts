import { createHash } from "node:crypto";
import {
  compareKubeVersions,
  type KindDefinition,
  type KindSource,
  type ServedSubresource,
  subresourcesOf,
  verbsOf,
} from "../../api/index.ts";

export interface Group {
  name: string;
  /** Preferred first. */
  versions: { version: string; kinds: KindDefinition[] }[];
}

/** Groups in upstream's order of priority; those that it does not know come last, by name. */
const GROUP_ORDER = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
];

/** What is served, by group and version, each with its kinds by name. */
export function servedGroups(kinds: readonly KindDefinition[]): Group[] {
  const groups = new Map<string, Group>();
  for (const kind of kinds) {
    const group = groups.get(kind.group) ?? { name: kind.group, versions: [] };
    groups.set(kind.group, group);
    let version = group.versions.find((one) => one.version === kind.version);
    if (!version) {
      version = { version: kind.version, kinds: [] };
      group.versions.push(version);
    }
    version.kinds.push(kind);
  }
  for (const group of groups.values()) {
    for (const version of group.versions) version.kinds.sort((a, b) => (a.resource < b.resource ? -1 : 1));
    group.versions.sort((a, b) => compareKubeVersions(b.version, a.version));
  }
  const rank = ({ name }: Group) => (GROUP_ORDER.indexOf(name) + GROUP_ORDER.length) % GROUP_ORDER.length;
  return [...groups.values()].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

const groupVersion = (group: string, version: string) => (group === "" ? version : `${group}/${version}`);

/** `/api` */
export function apiVersions(serverAddress: string) {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** What the server says of its own kinds; worked out once for each state of them. */
export class Discovery {
  readonly #kinds: KindSource;
  #groups: readonly Group[] = [];
  #revision = 0;

  constructor(kinds: KindSource) {
    this.#kinds = kinds;
  }

  /** In the order in which clients look for what has no group. */
  groups(): readonly Group[] {
    if (this.#revision !== this.#kinds.revision) {
      this.#groups = servedGroups(this.#kinds.served());
      this.#revision = this.#kinds.revision;
    }
    return this.#groups;
  }

  /** `/apis` */
  groupList() {
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: this.groups()
        .filter(({ name }) => name !== "")
        .map(groupEntry),
    };
  }

  /** `/apis/GROUP` */
  group(name: string) {
    const group = this.groups().find((one) => one.name === name);
    return name !== "" && group ? { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) } : undefined;
  }

  /** `/api/v1`, `/apis/GROUP/VERSION` */
  resourceList(group: string, version: string) {
    const found = this.groups()
      .find((one) => one.name === group)
      ?.versions.find((one) => one.version === version);
    if (!found) return undefined;
    return {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: groupVersion(group, version),
      resources: found.kinds.flatMap((kind) => [
        resourceEntry(kind),
        ...subresourcesOf(kind).map((one) => subresourceEntry(kind, one)),
      ]),
    };
  }

  /** `/api` and `/apis` in the aggregated form (apidiscovery.k8s.io), which tells everything in one answer. */
  aggregated(core: boolean, version: "v2" | "v2beta1") {
    return {
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: this.groups()
        .filter(({ name }) => (name === "") === core)
        .map(({ name, versions }) => ({
          metadata: { name, creationTimestamp: null },
          versions: versions.map((one) => ({
            version: one.version,
            resources: one.kinds.map(aggregatedResource),
            freshness: "Current",
          })),
        })),
    };
  }
}

function groupEntry({ name, versions }: Group) {
  const entries = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceEntry(kind: KindDefinition) {
  return {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(kind.shortNames?.length ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories?.length ? { categories: kind.categories } : {}),
    ...(kind.use ? {} : { storageVersionHash: storageVersionHash(kind) }),
  };
}

/** Says in which version a kind is stored, without naming it: tools that rewrite stored objects compare it. */
function storageVersionHash({ kind, group, version, storedAs }: KindDefinition): string {
  const stored = storedAs ?? { group, version };
  const text = `${stored.group}/${stored.version}/${kind}`;
  return createHash("sha256").update(text).digest().subarray(0, 8).toString("base64");
}

function subresourceEntry(kind: KindDefinition, subresource: ServedSubresource) {
  const { group, version } = subresource;
  const isOther = group !== kind.group || version !== kind.version;
  return {
    name: `${kind.resource}/${subresource.name}`,
    singularName: "",
    namespaced: kind.namespaced,
    ...(isOther ? { group, version } : {}),
    kind: subresource.kind,
    verbs: subresource.verbs,
  };
}

function aggregatedResource(kind: KindDefinition) {
  const subresources = subresourcesOf(kind).map((one) => ({
    subresource: one.name,
    responseKind: isSameVersion(kind, one)
      ? empty(one.kind)
      : { group: one.group, version: one.version, kind: one.kind },
    verbs: one.verbs,
  }));
  return {
    resource: kind.resource,
    responseKind: empty(kind.kind),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames?.length ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories?.length ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

const isSameVersion = (kind: KindDefinition, { group, version }: ServedSubresource) =>
  group === kind.group && version === kind.version;
/** Empty group and version are those of the list that it stands in. */
const empty = (kind: string) => ({ group: "", version: "", kind });
