import { type PodSpec, statusForbidden } from "../../api/index.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

const HOST = "kubernetes.io/hostname";

/** Whoever demands to stand alone may demand that of a node, and not of a zone. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: "LimitPodHardAntiAffinityTopology",
  validate(request) {
    if (!concerns(request, "", "pods", "CREATE", "UPDATE")) return;
    const { affinity } = request.object!.spec as PodSpec;
    const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== HOST);
    if (other)
      throw statusForbidden(
        request.kind,
        request.object!.metadata.name,
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${HOST} is allowed`,
      );
  },
};
