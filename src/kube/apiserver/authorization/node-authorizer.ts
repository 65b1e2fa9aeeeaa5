import { type KubeObject, kindByGvk, pods } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { NODE_USER_PREFIX, NODES } from "../authentication/users.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { keyPrefix, objectKey } from "../objects/object-keys.ts";
import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";
import type { Authorization, Authorizer } from "./authorizer.ts";
import { type PolicyRule, ruleAllows } from "./policy-rule.ts";

const REFUSED: Authorization = { decision: "noOpinion" };

/**
 * What a kubelet may do: the rules of the role `system:node`, but Secrets, ConfigMaps and service-account tokens only of
 * pods that run on its node.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #cache: ObjectCache;

  constructor(cache: ObjectCache) {
    this.#cache = cache;
  }

  authorize(user: UserInfo, info: RequestInfo): Authorization {
    if (!user.groups.includes(NODES) || !user.name.startsWith(NODE_USER_PREFIX)) return REFUSED;
    if (!info.isResource) return REFUSED;
    const node = user.name.slice(NODE_USER_PREFIX.length);
    if (info.group === "" && (info.resource === "secrets" || info.resource === "configmaps")) {
      return this.#authorizeReferenced(node, info);
    }
    if (info.group === "" && info.resource === "serviceaccounts" && info.subresource === "token") {
      return this.#authorizeToken(node, info);
    }
    return this.#rules().some((rule) => ruleAllows(rule, info)) ? { decision: "allow" } : REFUSED;
  }

  #rules(): readonly PolicyRule[] {
    const kind = kindByGvk("rbac.authorization.k8s.io", "v1", "ClusterRole")!;
    return this.#cache.get(objectKey(kind, undefined, "system:node"))?.object.rules ?? [];
  }

  /** A watch or list must name the one object, too. */
  #authorizeReferenced(node: string, info: ResourceRequestInfo): Authorization {
    if (!["get", "list", "watch"].includes(info.verb) || !info.name || !info.namespace) {
      return { decision: "noOpinion", reason: "can only read resources of this type, by their name" };
    }
    const refers = info.resource === "secrets" ? refersToSecret : refersToConfigMap;
    const found = this.#podsOf(node, info.namespace).some((pod) => refers(pod, info.name!));
    return found ? { decision: "allow" } : noRelationship(node);
  }

  #authorizeToken(node: string, info: ResourceRequestInfo): Authorization {
    if (info.verb !== "create" || !info.namespace) return REFUSED;
    const found = this.#podsOf(node, info.namespace).some((pod) => pod.spec.serviceAccountName === info.name);
    return found ? { decision: "allow" } : noRelationship(node);
  }

  #podsOf(node: string, namespace: string): KubeObject[] {
    const all = this.#cache.list(keyPrefix(pods, namespace));
    return all.map((item) => item.object).filter((pod) => pod.spec.nodeName === node);
  }
}

function noRelationship(node: string): Authorization {
  return {
    decision: "noOpinion",
    reason: `no relationship found between node '${node}' and this object`,
  };
}

interface Reference {
  name?: string;
}
interface EnvContainer {
  env?: { valueFrom?: { secretKeyRef?: Reference; configMapKeyRef?: Reference } }[];
  envFrom?: { secretRef?: Reference; configMapRef?: Reference }[];
}
interface ReferringVolume {
  secret?: { secretName?: string };
  configMap?: Reference;
  projected?: { sources?: { secret?: Reference; configMap?: Reference }[] };
  [other: string]: unknown;
}

function containersOf({ spec }: KubeObject): EnvContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

const volumesOf = ({ spec }: KubeObject) => (spec.volumes ?? []) as ReferringVolume[];

function refersToSecret(pod: KubeObject, name: string): boolean {
  return (
    ((pod.spec.imagePullSecrets ?? []) as Reference[]).some((secret) => secret.name === name) ||
    volumesOf(pod).some(
      ({ secret, projected }) =>
        secret?.secretName === name || projected?.sources?.some((source) => source.secret?.name === name),
    ) ||
    containersOf(pod).some(
      ({ env, envFrom }) =>
        env?.some((one) => one.valueFrom?.secretKeyRef?.name === name) ||
        envFrom?.some((one) => one.secretRef?.name === name),
    )
  );
}

function refersToConfigMap(pod: KubeObject, name: string): boolean {
  return (
    volumesOf(pod).some(
      ({ configMap, projected }) =>
        configMap?.name === name || projected?.sources?.some((source) => source.configMap?.name === name),
    ) ||
    containersOf(pod).some(
      ({ env, envFrom }) =>
        env?.some((one) => one.valueFrom?.configMapKeyRef?.name === name) ||
        envFrom?.some((one) => one.configMapRef?.name === name),
    )
  );
}
