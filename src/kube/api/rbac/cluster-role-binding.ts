import type { ClusterRoleBinding } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { bindingColumns, setBindingDefaults, validateBinding, validateBindingUpdate } from "./bindings.ts";

export const clusterRoleBindings: KindDefinition<ClusterRoleBinding> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRoleBinding",
  resource: "clusterrolebindings",
  singular: "clusterrolebinding",
  namespaced: false,
  model: "io.k8s.api.rbac.v1.ClusterRoleBinding",
  hasStatus: false,
  nameValidation: "pathSegment",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  defaults: setBindingDefaults,
  validate: (binding) => validateBinding(binding, false),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
};
