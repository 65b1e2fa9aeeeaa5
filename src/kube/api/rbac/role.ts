import type { Role } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { validateRules } from "./rules.ts";

export const roles: KindDefinition<Role> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  resource: "roles",
  singular: "role",
  namespaced: true,
  model: "io.k8s.api.rbac.v1.Role",
  hasStatus: false,
  nameValidation: "pathSegment",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  validate: (role) => validateRules(role.rules, true),
  // As upstream: name and creation time only.
  columns: [],
};
