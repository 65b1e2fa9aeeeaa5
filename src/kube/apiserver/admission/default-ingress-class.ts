import { defaultClass } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

const GROUP = "networking.k8s.io";
const INGRESS_CLASSES = { group: GROUP, resource: "ingressclasses", namespaced: false };
/** Of before the field was there. */
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

/** An Ingress that names no class gets the default one, where there is one. */
export function defaultIngressClass(lookup: Pick<ObjectLookup, "list">): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    looksAt: ["ingresses.networking.k8s.io"],
    async mutate(request) {
      if (!concerns(request, GROUP, "ingresses", "CREATE")) return;
      const ingress = request.object!;
      ingress.spec ??= {};
      const { spec, metadata } = ingress;
      if (spec.ingressClassName !== undefined || CLASS_ANNOTATION in (metadata.annotations ?? {})) return;
      const found = defaultClass(await lookup.list(INGRESS_CLASSES), DEFAULT_ANNOTATION);
      if (found) spec.ingressClassName = found.metadata.name;
    },
  };
}
