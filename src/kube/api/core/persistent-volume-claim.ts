import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { accessModesText } from "./access-modes.ts";
import { dropForeignDataSource, normalizeDataSources } from "./persistent-volume-claim/data-sources.ts";
import { validateClaimSpec } from "./persistent-volume-claim/validate-spec.ts";
import { validateClaimStatus } from "./persistent-volume-claim/validate-status.ts";
import { validateClaimUpdate } from "./persistent-volume-claim/validate-update.ts";
import { warningsOfClaimSpec } from "./persistent-volume-claim/warnings.ts";
import { roundAmounts } from "./pod/defaults.ts";
import { STORAGE_CLASS_ANNOTATION, storageClassNameOf } from "./storage-class-name.ts";

export const persistentVolumeClaims: KindDefinition<PersistentVolumeClaim> = {
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  resource: "persistentvolumeclaims",
  singular: "persistentvolumeclaim",
  shortNames: ["pvc"],
  namespaced: true,
  model: "io.k8s.api.core.v1.PersistentVolumeClaim",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  tellsObjectTwice: true,
  returnsDeletedObject: true,
  defaults,
  validate,
  validateUpdate: validateClaimUpdate,
  validateStatusUpdate: validateClaimStatus,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  columns: [
    nameColumn,
    textColumn("Status", ({ metadata, status }: PersistentVolumeClaim) =>
      metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
    ),
    textColumn("Volume", ({ spec }: PersistentVolumeClaim) => spec.volumeName ?? ""),
    textColumn("Capacity", ({ spec, status }: PersistentVolumeClaim) =>
      spec.volumeName ? (status?.capacity?.storage ?? "0") : "",
    ),
    textColumn("Access Modes", ({ spec, status }: PersistentVolumeClaim) =>
      spec.volumeName ? accessModesText(status?.accessModes) : "",
    ),
    textColumn("StorageClass", storageClassNameOf),
    textColumn(
      "VolumeAttributesClass",
      ({ spec }: PersistentVolumeClaim) => spec.volumeAttributesClassName ?? "<unset>",
    ),
    ageColumn,
    textColumn("VolumeMode", ({ spec }: PersistentVolumeClaim) => spec.volumeMode ?? "<unset>", {
      wide: true,
    }),
  ],
};

function defaults(claim: PersistentVolumeClaim): void {
  claim.spec ??= {};
  claim.status ??= {};
  const { spec, status } = claim;
  status.phase ||= "Pending";
  spec.volumeMode ??= "Filesystem";
  spec.resources ??= {};
  for (const list of [
    spec.resources.limits,
    spec.resources.requests,
    status.capacity,
    status.allocatedResources,
  ])
    roundAmounts(list);
}

function validate({ spec }: PersistentVolumeClaim, previous?: PersistentVolumeClaim): FieldError[] {
  // A claim that has such a reference already may be older than the rule of its group.
  const takesAnyGroup = Boolean(
    previous?.spec.dataSource?.apiGroup ?? previous?.spec.dataSourceRef?.apiGroup,
  );
  return validateClaimSpec(spec, "spec", { takesAnyGroup });
}

function prepareForCreate(claim: PersistentVolumeClaim): void {
  claim.status = { phase: "Pending" };
  dropDisabledFields(claim.spec);
  dropForeignDataSource(claim.spec);
  normalizeDataSources(claim.spec);
}

function prepareForUpdate(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): void {
  keepStatus(next, previous);
  dropDisabledFields(next.spec, previous.spec);
  dropForeignDataSource(next.spec, previous.spec);
  normalizeDataSources(next.spec);
}

/** VolumeAttributesClass and CrossNamespaceVolumeDataSource are off by default in 1.33; what a claim has already it keeps. */
function dropDisabledFields(next: PersistentVolumeClaimSpec, previous?: PersistentVolumeClaimSpec): void {
  if (previous?.volumeAttributesClassName === undefined) delete next.volumeAttributesClassName;
  if (next.dataSourceRef?.namespace && previous?.dataSourceRef === undefined) delete next.dataSourceRef;
}

function prepareForStatusUpdate(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): void {
  keepSpec(next, previous);
  for (const field of ["currentVolumeAttributesClassName", "modifyVolumeStatus"] as const)
    if (previous.status?.[field] === undefined) delete next.status?.[field];
}

function warnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const path = `metadata.annotations[${STORAGE_CLASS_ANNOTATION}]`;
  const isDeprecated = metadata.annotations?.[STORAGE_CLASS_ANNOTATION] !== undefined;
  return [
    ...(isDeprecated ? [`${path}: deprecated since v1.8; use "storageClassName" attribute instead`] : []),
    ...warningsOfClaimSpec(spec, "spec"),
  ];
}
