import type { KindDefinition, SubresourceStrategy } from "./types.ts";

/** A part of an object with a path and verbs of its own. */
export interface ServedSubresource {
  name: string;
  /** Kind of its body. */
  group: string;
  version: string;
  kind: string;
  verbs: readonly string[];
  /** Of one that carries the whole object: read, replaced and patched as that is. */
  update?: SubresourceStrategy;
}

/** `verbs` in words: `get patch update`. */
export function subresource(
  name: string,
  kind: string,
  verbs: string,
  {
    group = "",
    version = "v1",
    update,
  }: Partial<Pick<ServedSubresource, "group" | "version" | "update">> = {},
): ServedSubresource {
  return { name, kind, group, version, verbs: verbs.split(" "), ...(update ? { update } : {}) };
}

/** What `proxy` is asked with; a kind of another name for each resource that has it. */
export function proxySubresource(kind: string): ServedSubresource {
  return subresource("proxy", kind, "create delete get patch update");
}

const OF_OBJECT = "get patch update";

/** Subresources of a kind in the order of their names, as discovery lists them. */
export function subresourcesOf(kind: KindDefinition): ServedSubresource[] {
  const list = [...(kind.subresources ?? [])];
  if (kind.hasStatus) list.push(subresource("status", kind.kind, OF_OBJECT, kind));
  if (kind.scale) list.push(subresource("scale", "Scale", OF_OBJECT, { group: "autoscaling" }));
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const STORED_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export function verbsOf(kind: KindDefinition): readonly string[] {
  return kind.verbs ?? STORED_VERBS;
}
