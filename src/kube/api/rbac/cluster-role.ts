import type { ClusterRole } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { validateRules } from "./rules.ts";

export const clusterRoles: KindDefinition<ClusterRole> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  resource: "clusterroles",
  singular: "clusterrole",
  namespaced: false,
  model: "io.k8s.api.rbac.v1.ClusterRole",
  hasStatus: false,
  nameValidation: "pathSegment",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  validate: (role) => validateRules(role.rules, false),
  // As upstream: name and creation time only.
  columns: [],
};
