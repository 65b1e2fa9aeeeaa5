import {
  claimNamesOf,
  configMapNamesOf,
  groupResourceText,
  isMirrorPod,
  type KubeObject,
  kindByGvk,
  NODE_LEASE_NAMESPACE,
  persistentVolumes,
  pods,
  secretNamesOf,
} from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { keyPrefix, objectKey } from "../objects/object-keys.ts";
import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";
import type { Authorization, Authorizer } from "./authorizer.ts";
import { nodeOf } from "./node-identity.ts";
import { type PolicyRule, ruleAllows } from "./policy-rule.ts";

const ALLOWED: Authorization = { decision: "allow" };
const REFUSED: Authorization = { decision: "noOpinion" };
const OWN_OBJECT_VERBS = ["get", "create", "update", "patch", "delete"];

/**
 * What a kubelet may do: the rules of the role `system:node`, but of Nodes, Pods and Leases only its own, and of what pods
 * refer to only what those on its node do (upstream's node authorizer, with AuthorizeNodeWithSelectors as in 1.33).
 */
export class NodeAuthorizer implements Authorizer {
  readonly #cache: ObjectCache;

  constructor(cache: ObjectCache) {
    this.#cache = cache;
  }

  authorize(user: UserInfo, info: RequestInfo): Authorization {
    const node = nodeOf(user);
    if (node === undefined) return REFUSED;
    if (node === "") return because(`unknown node for user ${JSON.stringify(user.name)}`);
    if (!info.isResource) return this.#byRules(info);
    switch (groupResourceText(info)) {
      case "nodes":
        return authorizeNode(node, info);
      case "pods":
        return this.#authorizePod(node, info);
      case "secrets":
        return this.#authorizeRead(node, info, secretNamesOf);
      case "configmaps":
        return this.#authorizeRead(node, info, configMapNamesOf);
      case "persistentvolumeclaims":
        return this.#authorizeClaim(node, info);
      case "persistentvolumes":
        return this.#authorizeVolume(node, info);
      // Nothing that is served leads from these to a node.
      case "volumeattachments.storage.k8s.io":
      case "resourceclaims.resource.k8s.io":
        return problemOfGet(info) ?? problemOfName(info) ?? noRelationship(node);
      case "serviceaccounts":
        return this.#authorizeToken(node, info);
      case "leases.coordination.k8s.io":
        return authorizeLease(node, info);
      case "csinodes.storage.k8s.io":
        return authorizeCsiNode(node, info);
      default:
        return this.#byRules(info);
    }
  }

  #byRules(info: RequestInfo): Authorization {
    const kind = kindByGvk("rbac.authorization.k8s.io", "v1", "ClusterRole")!;
    const rules: readonly PolicyRule[] =
      this.#cache.get(objectKey(kind, undefined, "system:node"))?.object.rules ?? [];
    return rules.some((rule) => ruleAllows(rule, info)) ? ALLOWED : REFUSED;
  }

  /** What writes do is held to the node's own pods by admission (NodeRestriction). */
  #authorizePod(node: string, info: ResourceRequestInfo): Authorization {
    const { verb, subresource } = info;
    if (subresource === "status") return verb === "update" || verb === "patch" ? ALLOWED : REFUSED;
    if (subresource === "eviction") return verb === "create" ? ALLOWED : REFUSED;
    if (subresource !== undefined) return REFUSED;
    if (verb === "create" || verb === "delete") return ALLOWED;
    if (verb === "get") return problemOfName(info) ?? this.#authorizeOwnPod(node, info);
    if (verb !== "list" && verb !== "watch") return REFUSED;
    if (demands(info, "spec.nodeName", node)) return ALLOWED;
    if (info.name) return this.#authorizeOwnPod(node, info);
    return because("can only list/watch pods with spec.nodeName field selector");
  }

  #authorizeOwnPod(node: string, { namespace, name }: ResourceRequestInfo): Authorization {
    const pod = this.#cache.get(objectKey(pods, namespace, name!))?.object;
    return pod?.spec.nodeName === node ? ALLOWED : noRelationship(node);
  }

  /** A watch or list must name the one object, too. */
  #authorizeRead(
    node: string,
    info: ResourceRequestInfo,
    namesOf: (pod: KubeObject) => Iterable<string>,
  ): Authorization {
    if (!["get", "list", "watch"].includes(info.verb)) return because("can only read resources of this type");
    if (info.subresource !== undefined) return because("cannot read subresource");
    if (!info.namespace) return because("can only read namespaced object of this type");
    return problemOfName(info) ?? this.#authorizeReferred(node, info, namesOf);
  }

  #authorizeClaim(node: string, info: ResourceRequestInfo): Authorization {
    if (info.subresource === "status") {
      if (info.verb !== "update" && info.verb !== "patch")
        return because("can only get/update/patch this type");
      return problemOfName(info) ?? this.#authorizeReferred(node, info, claimNamesOf);
    }
    return problemOfGet(info) ?? problemOfName(info) ?? this.#authorizeReferred(node, info, claimNamesOf);
  }

  /** The volume leads to its claim, and the claim to the node's pods. */
  #authorizeVolume(node: string, info: ResourceRequestInfo): Authorization {
    const problem = problemOfGet(info) ?? problemOfName(info);
    if (problem) return problem;
    const claim = this.#cache.get(objectKey(persistentVolumes, undefined, info.name!))?.object.spec.claimRef;
    if (!claim) return noRelationship(node);
    return this.#authorizeReferred(
      node,
      { ...info, namespace: claim.namespace, name: claim.name },
      claimNamesOf,
    );
  }

  #authorizeToken(node: string, info: ResourceRequestInfo): Authorization {
    if (info.verb !== "create" || !info.name)
      return because("can only create tokens for individual service accounts");
    if (info.subresource !== "token") return because("can only create token subresource of serviceaccount");
    return this.#authorizeReferred(node, info, ({ spec }) =>
      spec.serviceAccountName ? [spec.serviceAccountName] : [],
    );
  }

  #authorizeReferred(
    node: string,
    { namespace, name }: ResourceRequestInfo,
    namesOf: (pod: KubeObject) => Iterable<string>,
  ): Authorization {
    for (const { object: pod } of this.#cache.list(keyPrefix(pods, namespace))) {
      if (pod.spec.nodeName !== node) continue;
      // A pod that the node made itself grants it nothing.
      if (isMirrorPod(pod)) continue;
      for (const referred of namesOf(pod)) if (referred === name) return ALLOWED;
    }
    return noRelationship(node);
  }
}

/** The name is compared directly: a kubelet looks for its Node before there is one. */
function authorizeNode(node: string, { verb, subresource, name }: ResourceRequestInfo): Authorization {
  if (subresource === "status") return verb === "update" || verb === "patch" ? ALLOWED : REFUSED;
  if (subresource !== undefined) return REFUSED;
  // Which Node these are about is admission's question (NodeRestriction).
  if (verb === "create" || verb === "update" || verb === "patch") return ALLOWED;
  if (verb !== "get" && verb !== "list" && verb !== "watch") return REFUSED;
  if (name === node) return ALLOWED;
  return because(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  );
}

function authorizeLease(node: string, { verb, namespace, name }: ResourceRequestInfo): Authorization {
  if (!OWN_OBJECT_VERBS.includes(verb))
    return because("can only get, create, update, patch, or delete a node lease");
  if (namespace !== NODE_LEASE_NAMESPACE)
    return because(`can only access leases in the ${JSON.stringify(NODE_LEASE_NAMESPACE)} system namespace`);
  if (verb !== "create" && name !== node)
    return because("can only access node lease with the same name as the requesting node");
  return ALLOWED;
}

function authorizeCsiNode(node: string, { verb, subresource, name }: ResourceRequestInfo): Authorization {
  if (!OWN_OBJECT_VERBS.includes(verb))
    return because("can only get, create, update, patch, or delete a CSINode");
  if (subresource !== undefined) return because("cannot authorize CSINode subresources");
  if (verb !== "create" && name !== node)
    return because("can only access CSINode with the same name as the requesting node");
  return ALLOWED;
}

function problemOfGet({ verb, subresource }: ResourceRequestInfo): Authorization | undefined {
  if (verb !== "get") return because("can only get individual resources of this type");
  return subresource === undefined ? undefined : because("cannot get subresource");
}

function problemOfName({ name }: ResourceRequestInfo): Authorization | undefined {
  return name ? undefined : because("No Object name found");
}

function demands({ fieldRequirements = [] }: ResourceRequestInfo, field: string, value: string): boolean {
  return fieldRequirements.some((one) => one.field === field && one.operator === "=" && one.value === value);
}

function because(reason: string): Authorization {
  return { decision: "noOpinion", reason };
}

function noRelationship(node: string): Authorization {
  return because(`no relationship found between node '${node}' and this object`);
}
