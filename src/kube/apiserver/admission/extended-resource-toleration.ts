import { jsonEquals } from "../../../formats/index.ts";
import { containersOf, isExtendedResource, type PodSpec, type Toleration } from "../../api/index.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

/** Nodes with devices are kept for the pods that want them by a taint of the device's name, which those pods bear. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: "ExtendedResourceToleration",
  mutate(request) {
    if (!concerns(request, "", "pods", "CREATE", "UPDATE")) return;
    const spec = request.object!.spec as PodSpec;
    const { containers, initContainers } = spec;
    const wanted = containersOf({ containers, ...(initContainers && { initContainers }) }, "spec").flatMap(
      ([{ resources }]) => Object.keys(resources?.requests ?? {}),
    );
    for (const key of [...new Set(wanted.filter(isExtendedResource))].sort())
      spec.tolerations = withToleration(spec.tolerations ?? [], {
        key,
        operator: "Exists",
        effect: "NoSchedule",
      });
  },
};

/** One that says the same for some seconds only is replaced. */
function withToleration(present: readonly Toleration[], added: Toleration): Toleration[] {
  const isAlike = ({ tolerationSeconds: _, ...rest }: Toleration) => jsonEquals(rest, added);
  return present.some(isAlike) ? present.map((one) => (isAlike(one) ? added : one)) : [...present, added];
}
