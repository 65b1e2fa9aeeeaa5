import type { KubeObject, ObjectMeta } from "../types.ts";

/** The class's name stood here before it had a field (core.BetaStorageClassAnnotation). */
export const STORAGE_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

interface HasStorageClass {
  metadata: Pick<ObjectMeta, "annotations">;
  spec: { storageClassName?: string };
}

/** The storage class of a volume or a claim; empty where it has none, or wants none. */
export function storageClassNameOf({ metadata, spec }: HasStorageClass | KubeObject): string {
  return metadata.annotations?.[STORAGE_CLASS_ANNOTATION] ?? spec.storageClassName ?? "";
}

/** Whether a claim says which class it wants, be it none. */
export function hasStorageClass({ metadata, spec }: HasStorageClass | KubeObject): boolean {
  return (
    metadata.annotations?.[STORAGE_CLASS_ANNOTATION] !== undefined || spec.storageClassName !== undefined
  );
}
