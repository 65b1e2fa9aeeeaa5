import { isQualifiedName } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalidEach } from "../field-error.ts";
import type { Namespace } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";
const FINALIZER = "kubernetes";

export const namespaces: KindDefinition<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  namespaced: false,
  model: "io.k8s.api.core.v1.Namespace",
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  hasStatus: true,
  nameValidation: "dns1123label",
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  selectableFields: (namespace) => ({ "status.phase": namespace.status?.phase ?? "" }),
  columns: [
    nameColumn,
    textColumn("Status", (namespace: Namespace) => namespace.status?.phase ?? ""),
    ageColumn,
  ],
};

function defaults(namespace: Namespace): void {
  namespace.spec ??= {};
  namespace.status ??= {};
  namespace.status.phase ||= "Active";
  if (namespace.metadata.name) {
    namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: namespace.metadata.name };
  }
}

function validate(namespace: Namespace): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of namespace.spec.finalizers ?? []) {
    errors.push(...invalidEach("spec.finalizers", finalizer, isQualifiedName(finalizer)));
  }
  return errors;
}

/** The finalizer holds a namespace until everything in it is gone. */
function prepareForCreate(namespace: Namespace): void {
  namespace.status = { phase: "Active" };
  const finalizers = namespace.spec.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) namespace.spec.finalizers = [...finalizers, FINALIZER];
}

/** Finalizers of the spec change only through `/finalize`. */
function prepareForUpdate(next: Namespace, previous: Namespace): void {
  const { finalizers } = previous.spec;
  next.spec = { ...next.spec, ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }) };
  if (finalizers === undefined) delete next.spec.finalizers;
  keepStatus(next, previous);
}
