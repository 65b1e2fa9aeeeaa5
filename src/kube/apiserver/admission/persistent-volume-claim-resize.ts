import { compareQuantities } from "../../../formats/index.ts";
import { type KubeObject, storageClasses, storageClassNameOf } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, concerns, refusalOf } from "./admission.ts";

/** A claim grows only where it is bound and its class lets volumes grow. */
export function persistentVolumeClaimResize(lookup: Pick<ObjectLookup, "get">): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    looksAt: ["persistentvolumeclaims"],
    async validate(request) {
      if (!concerns(request, "", "persistentvolumeclaims", "UPDATE")) return;
      const [next, previous] = [request.object!, request.oldObject!];
      if (compareQuantities(sizeOf(next), sizeOf(previous)) <= 0) return;
      if (previous.status?.phase !== "Bound")
        throw refusalOf(request, "Only bound persistent volume claims can be expanded");
      const name = storageClassNameOf(next);
      const storageClass =
        name !== "" && name === storageClassNameOf(previous)
          ? await lookup.get(storageClasses, undefined, name)
          : undefined;
      if (storageClass?.allowVolumeExpansion !== true)
        throw refusalOf(
          request,
          "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        );
    },
  };
}

const sizeOf = ({ spec }: KubeObject): string => spec.resources?.requests?.storage ?? "0";
