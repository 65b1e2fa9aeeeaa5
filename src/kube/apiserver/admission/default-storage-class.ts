import { type KubeObject, STORAGE_CLASS_ANNOTATION } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";
import { defaultClass } from "./default-class.ts";

export const STORAGE_CLASSES = { group: "storage.k8s.io", resource: "storageclasses", namespaced: false };

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

/** Whether a claim says which class it wants, be it none. */
const hasStorageClass = ({ metadata, spec }: KubeObject): boolean =>
  metadata.annotations?.[STORAGE_CLASS_ANNOTATION] !== undefined || spec.storageClassName !== undefined;
