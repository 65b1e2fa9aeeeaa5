import {
  DEFAULT_STORAGE_CLASS_ANNOTATIONS,
  defaultClass,
  hasStorageClass,
  storageClasses,
} from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

/** A claim that names no class gets the default one, where there is one. */
export function defaultStorageClass(lookup: Pick<ObjectLookup, "list">): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    looksAt: ["persistentvolumeclaims"],
    async mutate(request) {
      if (!concerns(request, "", "persistentvolumeclaims", "CREATE")) return;
      const claim = request.object!;
      claim.spec ??= {};
      if (hasStorageClass(claim)) return;
      const classes = await lookup.list(storageClasses);
      const found = defaultClass(classes, ...DEFAULT_STORAGE_CLASS_ANNOTATIONS);
      if (found) claim.spec.storageClassName = found.metadata.name;
    },
  };
}
