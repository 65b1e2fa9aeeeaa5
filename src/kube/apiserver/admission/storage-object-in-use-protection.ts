import { groupResourceText } from "../../api/index.ts";
import type { AdmissionPlugin } from "./admission.ts";

const FINALIZERS: Record<string, string> = {
  persistentvolumes: "kubernetes.io/pv-protection",
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
};

/** Volumes and claims do not go while somebody uses them: a finalizer holds them. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  mutate({ kind, operation, subresource, object }) {
    const finalizer = FINALIZERS[groupResourceText(kind)];
    if (finalizer === undefined || operation !== "CREATE" || subresource !== undefined) return;
    const { metadata } = object!;
    if (metadata.finalizers?.includes(finalizer)) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
