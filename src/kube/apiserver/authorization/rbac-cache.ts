import {
  clusterRoleBindings,
  clusterRoles,
  type KindDefinition,
  type KubeObject,
  roleBindings,
  roles,
} from "../../api/index.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { keyPrefix, objectKey, REGISTRY } from "../objects/object-keys.ts";
import type { RbacSource } from "./rbac-authorizer.ts";

/** Under which roles and bindings lie. */
export const RBAC_PREFIX = `${REGISTRY}rbac.authorization.k8s.io/`;

/** Roles and bindings as the watch cache has them; `version` changes with each of them. */
export function rbacFromCache(cache: ObjectCache, version: () => number): RbacSource {
  function* all(kind: KindDefinition, namespace?: string): Generator<KubeObject> {
    for (const item of cache.list(keyPrefix(kind, namespace))) yield item.object;
  }
  const one = (kind: KindDefinition, namespace: string | undefined, name: string) =>
    cache.get(objectKey(kind, namespace, name))?.object;
  return {
    version,
    clusterRoleBindings: () => all(clusterRoleBindings),
    roleBindings: (namespace) => all(roleBindings, namespace),
    clusterRole: (name) => one(clusterRoles, undefined, name),
    role: (namespace, name) => one(roles, namespace, name),
    clusterRoles: () => all(clusterRoles),
  };
}
