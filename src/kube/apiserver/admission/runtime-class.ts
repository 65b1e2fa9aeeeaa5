import { statusForbidden } from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

/** A pod's runtime class must exist and gives it its overhead. RuntimeClass objects are not served yet: none is known. */
export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  mutate(request) {
    if (!concerns(request, "", "pods", "CREATE")) return;
    const name = request.object!.spec.runtimeClassName as string | undefined;
    if (name !== undefined) throw rejected(request, `RuntimeClass ${JSON.stringify(name)} not found`);
  },
  validate(request) {
    if (!concerns(request, "", "pods", "CREATE") || request.object!.spec.overhead === undefined) return;
    throw rejected(request, "Pod Overhead set without corresponding RuntimeClass defined Overhead");
  },
};

function rejected({ kind, object }: AdmissionRequest, why: string) {
  return statusForbidden(kind, object!.metadata.name ?? "", `pod rejected: ${why}`);
}
