import { notSupported, required } from "../field-error.ts";
import type { Binding } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const bindings: KindDefinition<Binding> = {
  group: "",
  version: "v1",
  kind: "Binding",
  resource: "bindings",
  singular: "binding",
  namespaced: true,
  model: "io.k8s.api.core.v1.Binding",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  validate,
  columns: [],
};

/** A pod can be bound to a node and to nothing else. */
function validate({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  if (target?.kind && target.kind !== "Node")
    errors.push(notSupported("target.kind", target.kind, ["Node", "<empty>"]));
  if (!target?.name) errors.push(required("target.name"));
  return errors;
}
