import { isQualifiedName } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, invalidEach } from "../field-error.ts";
import type { Namespace } from "../generated/types.ts";
import { STANDARD_FINALIZERS } from "../meta/object-meta.ts";
import { keepAllBut, keepSpec, keepStatus } from "../strategy.ts";
import { subresource } from "../subresource.ts";
import type { FieldError, KindDefinition, SubresourceStrategy } from "../types.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";
const FINALIZER = "kubernetes";

/** `finalize`: who empties a namespace lets go of it. */
const finalize: SubresourceStrategy<Namespace> = {
  prepare(next, previous) {
    const finalizers = next.spec?.finalizers ?? [];
    keepAllBut(next, previous, []);
    next.spec = { ...next.spec, finalizers };
    if (finalizers.length === 0) delete next.spec.finalizers;
  },
  validate: ({ spec }) =>
    (spec.finalizers ?? []).flatMap((one, index) =>
      validateNamespaceFinalizer(one, `spec.finalizers[${index}]`),
    ),
};

export const namespaces: KindDefinition<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  namespaced: false,
  model: "io.k8s.api.core.v1.Namespace",
  // Namespaces go one by one: each takes its content with it.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: [subresource("finalize", "Namespace", "update", { update: finalize })],
  hasStatus: true,
  nameValidation: "dns1123label",
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  selectableFields: ({ metadata, status }) => ({ name: metadata.name, "status.phase": status?.phase ?? "" }),
  returnsDeletedObject: true,
  heldBySpecFinalizers: true,
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
  return (namespace.spec.finalizers ?? []).flatMap((one) =>
    validateNamespaceFinalizer(one, "spec.finalizers"),
  );
}

/** A finalizer of a namespace's spec (upstream validateFinalizerName). */
export function validateNamespaceFinalizer(finalizer: string, path: string): FieldError[] {
  const errors = invalidEach(path, finalizer, isQualifiedName(finalizer));
  if (finalizer.includes("/") || STANDARD_FINALIZERS.includes(finalizer)) return errors;
  const why = "name is neither a standard finalizer name nor is it fully qualified";
  return [...errors, invalid(path, finalizer, why)];
}

/** A namespace is Terminating from its deletion on, and never without one. */
function validateStatusUpdate({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? "";
  const [expected, when] = metadata.deletionTimestamp ? ["Terminating", "not empty"] : ["Active", "empty"];
  if (phase === expected) return [];
  return [invalid("status.Phase", phase, `may only be '${expected}' if \`deletionTimestamp\` is ${when}`)];
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
