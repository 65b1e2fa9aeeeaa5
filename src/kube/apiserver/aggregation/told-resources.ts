interface Kind {
  group?: string;
  version?: string;
  kind?: string;
}

interface AggregatedResource {
  responseKind?: Kind | null;
  subresources?: { responseKind?: Kind | null }[];
}

interface AggregatedDocument {
  items?: {
    metadata?: { name?: string };
    versions?: { version: string; resources?: AggregatedResource[] }[];
  }[];
}

const NO_KIND = { group: "", version: "", kind: "" };

/** The resources of each version of a group, by `group/version`, in a document of aggregated discovery (v2 or v2beta1). */
export function resourcesByVersion(document: unknown): Map<string, object[]> {
  const found = new Map<string, object[]>();
  for (const { metadata, versions = [] } of (document as AggregatedDocument).items ?? [])
    for (const { version, resources = [] } of versions)
      found.set(`${metadata?.name ?? ""}/${version}`, resources.map(withKinds));
  return found;
}

/** Clients of 1.26 fail where there is no kind. */
function withKinds(resource: AggregatedResource): object {
  const { responseKind, subresources } = resource;
  return {
    ...resource,
    responseKind: responseKind ?? NO_KIND,
    ...(subresources
      ? {
          subresources: subresources.map((one) => ({ ...one, responseKind: one.responseKind ?? NO_KIND })),
        }
      : {}),
  };
}

export interface ListedResource {
  name: string;
  singularName?: string;
  namespaced?: boolean;
  group?: string;
  version?: string;
  kind?: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
}

interface Parent {
  resource: string;
  scope: string;
  responseKind: Kind;
  subresources?: object[];
}

/** The resources of an APIResourceList in the aggregated form. Throws where one and its part do not agree on their scope. */
export function resourcesOfList(list: unknown): object[] {
  const { resources = [] } = list as { resources?: ListedResource[] };
  const parents = new Map<string, Parent>();
  for (const one of resources) if (!one.name.includes("/")) parents.set(one.name, parentOf(one));
  for (const one of resources) {
    const [name, subresource] = split(one.name);
    if (subresource === undefined) continue;
    const scope = scopeOf(one);
    const parent: Parent = parents.get(name) ?? { resource: name, scope, responseKind: NO_KIND };
    parents.set(name, parent);
    if (parent.scope !== scope)
      throw new Error(
        `Error: Parent ${name} (scope: ${parent.scope}) and subresource ${subresource} (scope: ${scope}) scope do not match`,
      );
    parent.subresources ??= [];
    parent.subresources.push({ subresource, responseKind: kindOf(one), verbs: one.verbs ?? [] });
  }
  return [...parents.values()];
}

function split(name: string): [string, string | undefined] {
  const at = name.indexOf("/");
  return at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
}

function parentOf(one: ListedResource): Parent {
  const { name, singularName, verbs = [], shortNames, categories } = one;
  return {
    resource: name,
    scope: scopeOf(one),
    responseKind: kindOf(one),
    ...(singularName ? { singularResource: singularName } : {}),
    verbs,
    ...(shortNames?.length ? { shortNames } : {}),
    ...(categories?.length ? { categories } : {}),
  } as Parent;
}

const scopeOf = ({ namespaced }: ListedResource) => (namespaced ? "Namespaced" : "Cluster");

function kindOf({ group = "", version = "", kind }: ListedResource): Kind {
  return kind ? { group, version, kind } : NO_KIND;
}
