import { required } from "../field-error.ts";
import type { ClusterRole } from "../generated/types.ts";
import { validateUsableSelector } from "../meta/label-selector.ts";
import type { FieldError, KindDefinition } from "../types.ts";
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
  validate: (role) => [...validateRules(role.rules, false), ...validateAggregation(role)],
  // As upstream: name and creation time only.
  columns: [],
};

/** The rules come from the roles that are selected: by one selector at least, and only by good ones. */
function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = "aggregationRule.clusterRoleSelectors";
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0)
    return [required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap((selector, index) => validateUsableSelector(selector, `${path}[${index}]`));
}
