import { controllerRevisions } from "./apps/controller-revision.ts";
import { deployments } from "./apps/deployment.ts";
import { replicaSets } from "./apps/replica-set.ts";
import { selfSubjectReviews } from "./authentication/self-subject-review.ts";
import { tokenRequests } from "./authentication/token-request.ts";
import { tokenReviews } from "./authentication/token-review.ts";
import { localSubjectAccessReviews } from "./authorization/local-subject-access-review.ts";
import { selfSubjectAccessReviews } from "./authorization/self-subject-access-review.ts";
import { selfSubjectRulesReviews } from "./authorization/self-subject-rules-review.ts";
import { subjectAccessReviews } from "./authorization/subject-access-review.ts";
import { scales } from "./autoscaling/scale.ts";
import { leases } from "./coordination/lease.ts";
import { bindings } from "./core/binding.ts";
import { configMaps } from "./core/config-map.ts";
import { endpoints } from "./core/endpoints.ts";
import { events } from "./core/event.ts";
import { namespaces } from "./core/namespace.ts";
import { nodes } from "./core/node.ts";
import { pods } from "./core/pod.ts";
import { secrets } from "./core/secret.ts";
import { services } from "./core/service.ts";
import { serviceAccounts } from "./core/service-account.ts";
import { endpointSlices } from "./discovery/endpoint-slice.ts";
import { eventsV1Events } from "./events/event.ts";
import { evictions } from "./policy/eviction.ts";
import { clusterRoles } from "./rbac/cluster-role.ts";
import { clusterRoleBindings } from "./rbac/cluster-role-binding.ts";
import { roles } from "./rbac/role.ts";
import { roleBindings } from "./rbac/role-binding.ts";
import type { KindDefinition } from "./types.ts";

/** Every kind that is stored and served. A new kind is a file of its own and a line here. */
export const kinds: readonly KindDefinition[] = [
  namespaces,
  nodes,
  pods,
  services,
  endpoints,
  configMaps,
  secrets,
  serviceAccounts,
  events,
  deployments,
  replicaSets,
  controllerRevisions,
  leases,
  endpointSlices,
  eventsV1Events,
  roles,
  clusterRoles,
  roleBindings,
  clusterRoleBindings,
];

/** Kinds that are only ever the body of a request: nothing of them is stored. */
export const requestKinds: readonly KindDefinition[] = [
  bindings,
  evictions,
  tokenRequests,
  tokenReviews,
  selfSubjectReviews,
  subjectAccessReviews,
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  scales,
];

const byResource = new Map<string, KindDefinition>();
const byGvk = new Map<string, KindDefinition>();
for (const kind of [...kinds, ...requestKinds]) {
  byResource.set(`${kind.group}/${kind.version}/${kind.resource}`, kind);
  byGvk.set(`${kind.group}/${kind.version}/${kind.kind}`, kind);
}

/** The kind behind a REST path's group, version and plural. */
export function kindFor(group: string, version: string, resource: string): KindDefinition | undefined {
  return byResource.get(`${group}/${version}/${resource}`);
}

export function kindByGvk(group: string, version: string, kind: string): KindDefinition | undefined {
  return byGvk.get(`${group}/${version}/${kind}`);
}
