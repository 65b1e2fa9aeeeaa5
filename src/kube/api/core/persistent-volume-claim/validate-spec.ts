import {
  compareQuantities,
  isDns1123Label,
  isDns1123Subdomain,
  jsonEquals,
} from "../../../../formats/index.ts";
import { forbidden, invalid, invalidEach, notSupported, optionalOneOf, required } from "../../field-error.ts";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../../generated/types.ts";
import { goNewPointer, goStruct } from "../../go-value.ts";
import { validateLabelSelector } from "../../meta/label-selector.ts";
import { validateAnnotations, validateLabels } from "../../meta/object-meta.ts";
import type { FieldError } from "../../types.ts";

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
export const VOLUME_MODES = ["Block", "Filesystem"];

/** Fields of the metadata that a template has no use for, in Go's order; upstream makes their names from Go's. */
const FORBIDDEN_METADATA = {
  name: "name",
  generateName: "generateName",
  namespace: "namespace",
  selfLink: "selfLink",
  uid: "uID",
  resourceVersion: "resourceVersion",
  generation: "generation",
  creationTimestamp: "creationTimestamp",
  deletionTimestamp: "deletionTimestamp",
  deletionGracePeriodSeconds: "deletionGracePeriodSeconds",
  ownerReferences: "ownerReferences",
  finalizers: "finalizers",
  managedFields: "managedFields",
};

/** The claim inside an ephemeral volume: of its metadata only labels and annotations count. */
export function validateClaimTemplate(template: PersistentVolumeClaimTemplate, path: string): FieldError[] {
  const metadata: Record<string, unknown> = { ...template.metadata };
  const { annotations, labels } = template.metadata ?? {};
  return [
    ...validateAnnotations(annotations, `${path}.metadata.annotations`),
    ...validateLabels(labels, `${path}.metadata.labels`),
    ...Object.entries(FORBIDDEN_METADATA)
      .filter(([field]) => metadata[field] !== undefined && metadata[field] !== null)
      .map(([, name]) => forbidden(`${path}.metadata.${name}`, "cannot be set")),
    ...validateClaimSpec(template.spec, `${path}.spec`),
  ];
}

interface ClaimOptions {
  /** Groups of data sources may be no domain names. */
  takesAnyGroup: boolean;
}

/** `ValidatePersistentVolumeClaimSpec`. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  path: string,
  options: ClaimOptions = { takesAnyGroup: false },
): FieldError[] {
  return [
    ...(spec.accessModes?.length
      ? []
      : [required(`${path}.accessModes`, "at least 1 access mode is required")]),
    ...validateLabelSelector(spec.selector, `${path}.selector`),
    ...validateAccessModes(spec.accessModes ?? [], `${path}.accessModes`),
    ...validateRequest(spec.resources?.requests?.storage, `${path}.resources[storage]`),
    ...validateClassName(spec.storageClassName, `${path}.storageClassName`),
    ...optionalOneOf(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES),
    ...validateDataSources(spec, path, options),
  ];
}

export function validateAccessModes(modes: readonly string[], path: string): FieldError[] {
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(path, mode, ACCESS_MODES));
  const hasOthers = modes.some((mode) => mode !== "ReadWriteOncePod" && ACCESS_MODES.includes(mode));
  if (modes.includes("ReadWriteOncePod") && hasOthers)
    errors.push(forbidden(path, "may not use ReadWriteOncePod with other access modes"));
  return errors;
}

function validateRequest(storage: string | undefined, path: string): FieldError[] {
  if (storage === undefined) return [required(path)];
  return compareQuantities(storage, "0") > 0 ? [] : [invalid(path, storage, "must be greater than zero")];
}

function validateClassName(name: string | undefined, path: string): FieldError[] {
  return name ? invalidEach(path, name, isDns1123Subdomain(name)) : [];
}

function validateDataSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: string,
  options: ClaimOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateDataSource(dataSource, `${path}.dataSource`, options));
  if (dataSourceRef) errors.push(...validateDataSource(dataSourceRef, `${path}.dataSourceRef`, options));
  if (!dataSource || !dataSourceRef) return errors;
  const { namespace, ...other } = dataSourceRef;
  // Upstream gives the path as value.
  const parent = goNewPointer("field.Path");
  const shown = goStruct("field.Path", { name: "dataSource", index: "", parent });
  if (namespace)
    errors.push(invalid(path, shown, "may not be specified when dataSourceRef.namespace is specified"));
  else if (!jsonEquals(dataSource, other)) errors.push(invalid(path, shown, "must match dataSourceRef"));
  return errors;
}

function validateDataSource(
  source: TypedObjectReference,
  path: string,
  { takesAnyGroup }: ClaimOptions,
): FieldError[] {
  const { apiGroup, kind, name, namespace } = source;
  const errors = [...(name ? [] : [required(`${path}.name`)]), ...(kind ? [] : [required(`${path}.kind`)])];
  if (!apiGroup && kind !== "PersistentVolumeClaim")
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup && !takesAnyGroup)
    errors.push(...invalidEach(`${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup)));
  if (namespace) errors.push(...invalidEach(`${path}.namespace`, namespace, isDns1123Label(namespace)));
  return errors;
}
