import type { KubeObject } from "../../api/index.ts";

export const STORAGE_CLASSES = { group: "storage.k8s.io", resource: "storageclasses", namespaced: false };

/** Of before the field was there; it still goes first. */
const ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/** Name of a claim's class; empty where it has none or wants none (helper.GetPersistentVolumeClaimClass). */
export const storageClassOf = ({ metadata, spec }: KubeObject): string =>
  metadata.annotations?.[ANNOTATION] ?? spec.storageClassName ?? "";

/** Whether a claim says which class it wants, be it none. */
export const hasStorageClass = ({ metadata, spec }: KubeObject): boolean =>
  metadata.annotations?.[ANNOTATION] !== undefined || spec.storageClassName !== undefined;
