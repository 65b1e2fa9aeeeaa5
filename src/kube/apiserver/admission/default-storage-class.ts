import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";
import { defaultClass } from "./default-class.ts";
import { hasStorageClass, STORAGE_CLASSES } from "./storage-class-of.ts";

const ANNOTATIONS = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

/** A claim that names no class gets the default one, where there is one. */
export function defaultStorageClass(lookup: Pick<ObjectLookup, "list">): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    async mutate(request) {
      if (!concerns(request, "", "persistentvolumeclaims", "CREATE")) return;
      const claim = request.object!;
      claim.spec ??= {};
      if (hasStorageClass(claim)) return;
      const found = defaultClass(await lookup.list(STORAGE_CLASSES), ...ANNOTATIONS);
      if (found) claim.spec.storageClassName = found.metadata.name;
    },
  };
}
