import { rfc3339Seconds } from "../../../base/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition, WriteContext } from "../types.ts";
import { accessModesText } from "./access-modes.ts";
import { validateMountOptions } from "./persistent-volume/mount-options.ts";
import { validateVolumeSpec } from "./persistent-volume/validate-spec.ts";
import { validateVolumeUpdate } from "./persistent-volume/validate-update.ts";
import { warningsOfVolume } from "./persistent-volume/warnings.ts";
import { roundAmounts, setStorageDefaults } from "./pod/defaults.ts";
import { storageClassNameOf } from "./storage-class-name.ts";

export const persistentVolumes: KindDefinition<PersistentVolume> = {
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  resource: "persistentvolumes",
  singular: "persistentvolume",
  shortNames: ["pv"],
  namespaced: false,
  model: "io.k8s.api.core.v1.PersistentVolume",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  tellsMetadataChangesOnce: true,
  tellsObjectTwice: true,
  returnsDeletedObject: true,
  defaults,
  validate,
  validateUpdate: validateVolumeUpdate,
  warnings: warningsOfVolume,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  columns: [
    nameColumn,
    textColumn("Capacity", ({ spec }: PersistentVolume) => spec.capacity?.storage ?? "0"),
    textColumn("Access Modes", ({ spec }: PersistentVolume) => accessModesText(spec.accessModes)),
    textColumn("Reclaim Policy", ({ spec }: PersistentVolume) => spec.persistentVolumeReclaimPolicy ?? ""),
    textColumn("Status", ({ metadata, status }: PersistentVolume) =>
      metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
    ),
    textColumn("Claim", ({ spec: { claimRef } }: PersistentVolume) =>
      claimRef ? `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}` : "",
    ),
    textColumn("StorageClass", storageClassNameOf),
    textColumn(
      "VolumeAttributesClass",
      ({ spec }: PersistentVolume) => spec.volumeAttributesClassName ?? "<unset>",
    ),
    textColumn("Reason", ({ status }: PersistentVolume) => status?.reason ?? ""),
    ageColumn,
    textColumn("VolumeMode", ({ spec }: PersistentVolume) => spec.volumeMode ?? "<unset>", { wide: true }),
  ],
};

function defaults(volume: PersistentVolume): void {
  volume.spec ??= {};
  volume.status ??= {};
  const { spec, status } = volume;
  status.phase ||= "Pending";
  spec.persistentVolumeReclaimPolicy ||= "Retain";
  spec.volumeMode ??= "Filesystem";
  roundAmounts(spec.capacity);
  setStorageDefaults(spec);
}

function validate(volume: PersistentVolume): FieldError[] {
  return [...validateVolumeSpec(volume.spec, "spec", volume.metadata.name), ...validateMountOptions(volume)];
}

function prepareForCreate(volume: PersistentVolume): void {
  volume.status = { phase: "Pending" };
  // A volume is Pending from its creation on.
  if (volume.metadata.creationTimestamp)
    volume.status.lastPhaseTransitionTime = volume.metadata.creationTimestamp;
  dropDisabledFields(volume.spec);
}

function prepareForUpdate(next: PersistentVolume, previous: PersistentVolume): void {
  keepStatus(next, previous);
  dropDisabledFields(next.spec, previous.spec);
}

/** VolumeAttributesClass is off by default in 1.33: its field is dropped unless the volume has it already. */
function dropDisabledFields(next: PersistentVolumeSpec, previous?: PersistentVolumeSpec): void {
  if (previous?.volumeAttributesClassName === undefined) delete next.volumeAttributesClassName;
}

/** Whoever changes the phase need not tell since when it is. */
function prepareForStatusUpdate(
  next: PersistentVolume,
  previous: PersistentVolume,
  context?: WriteContext,
): void {
  keepSpec(next, previous);
  next.status ??= {};
  const { phase, lastPhaseTransitionTime: since } = next.status;
  const { phase: phaseBefore, lastPhaseTransitionTime: sinceBefore } = previous.status ?? {};
  if (phase !== phaseBefore && (since === undefined || since === sinceBefore)) {
    if (context) next.status.lastPhaseTransitionTime = rfc3339Seconds(context.nowMs);
  } else if (phase === phaseBefore && since === undefined && sinceBefore !== undefined)
    next.status.lastPhaseTransitionTime = sinceBefore;
}
