import { kindByGvk } from "./kinds.ts";
import type { GroupVersionKind } from "./types.ts";

/** Versions of served kinds that upstream's scheme still reads although no path serves them: `group/version` -> kinds. */
const NO_LONGER_SERVED: Record<string, string> = {
  "apps/v1beta1": "ControllerRevision Deployment Scale StatefulSet",
  "apps/v1beta2": "ControllerRevision DaemonSet Deployment ReplicaSet Scale StatefulSet",
  "authentication.k8s.io/v1alpha1": "SelfSubjectReview",
  "authentication.k8s.io/v1beta1": "SelfSubjectReview TokenReview",
  "authorization.k8s.io/v1beta1":
    "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
  "autoscaling/v2beta1": "HorizontalPodAutoscaler",
  "autoscaling/v2beta2": "HorizontalPodAutoscaler",
  "coordination.k8s.io/v1beta1": "Lease LeaseCandidate",
  "discovery.k8s.io/v1beta1": "EndpointSlice",
  "events.k8s.io/v1beta1": "Event",
  "extensions/v1beta1": "DaemonSet Deployment Ingress NetworkPolicy ReplicaSet Scale",
  "networking.k8s.io/v1alpha1": "IPAddress ServiceCIDR",
  "networking.k8s.io/v1beta1": "IPAddress Ingress IngressClass ServiceCIDR",
  "node.k8s.io/v1alpha1": "RuntimeClass",
  "node.k8s.io/v1beta1": "RuntimeClass",
  "policy/v1beta1": "Eviction PodDisruptionBudget",
  "rbac.authorization.k8s.io/v1alpha1": "ClusterRole ClusterRoleBinding Role RoleBinding",
  "rbac.authorization.k8s.io/v1beta1": "ClusterRole ClusterRoleBinding Role RoleBinding",
  "scheduling.k8s.io/v1alpha1": "PriorityClass",
  "scheduling.k8s.io/v1beta1": "PriorityClass",
};

/** Whether a kind is one of upstream's at all, in this version. */
export function isRegistered({ group, version, kind }: GroupVersionKind): boolean {
  if (kindByGvk(group, version, kind)) return true;
  return (NO_LONGER_SERVED[`${group}/${version}`] ?? "").split(" ").includes(kind);
}
