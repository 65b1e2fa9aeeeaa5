import type { RoleBinding } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { bindingColumns, setBindingDefaults, validateBinding, validateBindingUpdate } from "./bindings.ts";

export const roleBindings: KindDefinition<RoleBinding> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "RoleBinding",
  resource: "rolebindings",
  singular: "rolebinding",
  namespaced: true,
  model: "io.k8s.api.rbac.v1.RoleBinding",
  hasStatus: false,
  nameValidation: "pathSegment",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  defaults: setBindingDefaults,
  validate: (binding) => validateBinding(binding, true),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
};
