import type { KubeObject } from "../../api/index.ts";

export const REGISTRY = "/registry/";

interface ResourceKey {
  group: string;
  resource: string;
  namespaced: boolean;
  /** Another view of a kind lies where that kind lies. */
  storedAs?: { group: string; resource: string };
}

/** `/registry/<group>/<resource>/`, with the namespace and a slash where one is given. The core group is `core`. */
export function keyPrefix(key: ResourceKey, namespace?: string): string {
  const { namespaced } = key;
  const { group, resource } = key.storedAs ?? key;
  const root = `${REGISTRY}${group || "core"}/${resource}/`;
  return namespaced && namespace ? `${root}${namespace}/` : root;
}

/** `pods`, `deployments.apps`: what a key's object is, as upstream names resources. */
export function resourceOfKey(key: string): string {
  const [group = "", resource = ""] = key.slice(REGISTRY.length).split("/", 2);
  return group === "core" ? resource : `${resource}.${group}`;
}

/** Namespace (empty where it has none) and name of what lies under a key. */
export function placeOfKey(key: string): { namespace: string; name: string } {
  const [, , first = "", second] = key.slice(REGISTRY.length).split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

export function objectKey(resource: ResourceKey, namespace: string | undefined, name: string): string {
  return keyPrefix(resource, namespace) + name;
}

export function keyOf(resource: ResourceKey, object: KubeObject): string {
  return objectKey(resource, object.metadata.namespace, object.metadata.name);
}

/** Under which a list or watch looks: where it is for one name, only at keys that begin with that. */
export function searchPrefix(key: ResourceKey, target: { namespace?: string; name?: string }): string {
  const isOne = target.name !== undefined && (!key.namespaced || !!target.namespace);
  return isOne ? objectKey(key, target.namespace, target.name!) : keyPrefix(key, target.namespace);
}
