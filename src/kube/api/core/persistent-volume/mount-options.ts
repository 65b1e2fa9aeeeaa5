import { forbidden } from "../../field-error.ts";
import type { PersistentVolume } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

/** The options stood here before they had a field (core.MountOptionAnnotation). */
export const MOUNT_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options";

const TAKE_OPTIONS = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const;

/** Options by annotation are for the older sources only (pkg/volume/validation checkMountOption). */
export function validateMountOptions({ metadata, spec }: PersistentVolume): FieldError[] {
  if (metadata.annotations?.[MOUNT_OPTIONS_ANNOTATION] === undefined) return [];
  if (TAKE_OPTIONS.some((source) => spec[source] !== undefined)) return [];
  const path = `metadata.annotations.${MOUNT_OPTIONS_ANNOTATION}`;
  return [forbidden(path, "may not specify mount options for this volume type")];
}
