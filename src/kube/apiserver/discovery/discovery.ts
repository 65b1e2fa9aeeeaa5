import { createHash } from "node:crypto";
import {
  type KindDefinition,
  type KindSource,
  type ServedSubresource,
  subresourcesOf,
  verbsOf,
} from "../../api/index.ts";
import { type OrderedGroup, orderedGroups, ownRank, type RankedVersion } from "./group-order.ts";
import type { NamedResources, NamedVersion } from "./named-resources.ts";
import type { Registrations, ToldVersion } from "./registrations.ts";

/** A version of a group that somebody answers for. */
interface ServedVersion extends RankedVersion {
  /** This server's own kinds of it, by name; none where another one answers. */
  kinds: readonly KindDefinition[];
  /** What else it answers for. */
  named?: NamedVersion;
  told?: ToldVersion | undefined;
}

const keyOf = ({ group, version }: { group: string; version: string }) => `${group}/${version}`;

const groupVersion = (group: string, version: string) => (group === "" ? version : `${group}/${version}`);

const NONE: NamedResources = { versions: () => [] };

/** `/api` */
export function apiVersions(serverAddress: string) {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** What the server says of its own kinds, and of those that others answer for. */
export class Discovery {
  readonly #kinds: KindSource;
  readonly #registrations: Registrations;
  readonly #named: NamedResources;
  #own: readonly ServedVersion[] = [];
  #revision = 0;

  constructor(kinds: KindSource, registrations: Registrations, named: NamedResources = NONE) {
    this.#kinds = kinds;
    this.#registrations = registrations;
    this.#named = named;
  }

  /** Versions that this server itself answers for, in the order in which clients look for what has no group. */
  own(): readonly { group: string; version: string; kinds: readonly KindDefinition[] }[] {
    return orderedGroups(this.#versions(), "group")
      .flatMap(({ versions }) => versions)
      .filter(({ kinds }) => kinds.length > 0);
  }

  /** `/apis` */
  groupList() {
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: orderedGroups(this.#versions(), "service")
        .filter(({ name }) => name !== "")
        .map(groupEntry),
    };
  }

  /** `/apis/GROUP` */
  group(name: string) {
    const [group] = orderedGroups(
      this.#versions().filter((one) => one.group === name),
      "service",
    );
    return name !== "" && group ? { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) } : undefined;
  }

  /** `/api/v1`, `/apis/GROUP/VERSION` */
  resourceList(group: string, version: string) {
    const found = this.#versions().find((one) => one.group === group && one.version === version);
    if (!found || !isOwn(found)) return undefined;
    return {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: groupVersion(group, version),
      resources: [
        ...found.kinds.flatMap((kind) => [
          resourceEntry(kind),
          ...subresourcesOf(kind).map((one) => subresourceEntry(kind, one)),
        ]),
        ...(found.named?.resources ?? []),
      ],
    };
  }

  /** `/api` and `/apis` in the aggregated form (apidiscovery.k8s.io), which tells everything in one answer. */
  aggregated(core: boolean, version: "v2" | "v2beta1") {
    const known = this.#versions().filter((one) => one.told || isOwn(one));
    return {
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: orderedGroups(known, "group")
        .filter(({ name }) => (name === "") === core)
        .map(({ name, versions }) => ({
          metadata: { name, creationTimestamp: null },
          versions: versions.map(aggregatedVersion),
        })),
    };
  }

  #versions(): ServedVersion[] {
    if (this.#revision !== this.#kinds.revision) {
      this.#own = ownVersions(this.#kinds.served());
      this.#revision = this.#kinds.revision;
    }
    const versions = new Map(this.#own.map((one) => [keyOf(one), one]));
    for (const named of this.#named.versions()) {
      const { group, version } = named;
      versions.set(keyOf(named), { ...ownRank(group, version), kinds: [], named });
    }
    for (const { isLocal, isAutomanaged, ...registered } of this.#registrations.registered()) {
      const own = versions.get(keyOf(registered));
      // Its definition has just gone.
      if (isLocal && isAutomanaged && !own) continue;
      const { kinds = [], named } = (isLocal && own) || {};
      versions.set(keyOf(registered), { ...registered, kinds, ...(named ? { named } : {}) });
    }
    return [...versions.values()];
  }
}

function ownVersions(kinds: readonly KindDefinition[]): ServedVersion[] {
  return [...Map.groupBy(kinds, keyOf).values()].map((members) => {
    const { group, version } = members[0]!;
    const byName = members.sort((a, b) => (a.resource < b.resource ? -1 : 1));
    return { ...ownRank(group, version), kinds: byName };
  });
}

function isOwn({ kinds, named }: ServedVersion): boolean {
  return kinds.length > 0 || named !== undefined;
}

function aggregatedVersion({ version, kinds, named, told }: ServedVersion) {
  if (told) return { version, ...told };
  const resources = [...kinds.map(aggregatedResource), ...(named?.aggregated ?? [])];
  return { version, resources, freshness: "Current" };
}

function groupEntry({ name, versions }: OrderedGroup<ServedVersion>) {
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
