import { type PersistentVolume, type Pod, storageClassNameOf } from "../../api/index.ts";
import { PodRefusal, type Refusal, type SchedulingPlugin } from "../framework.ts";
import type { VolumeObjects } from "../volumes/volume-objects.ts";

const REFUSED: readonly Refusal[] = [{ reason: "node(s) had no available volume zone", unresolvable: true }];
/** Older names of the labels, and what they are called now. */
const LABELS: Record<string, string> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region": "topology.kubernetes.io/region",
};

interface Topology {
  key: string;
  values: ReadonlySet<string>;
}

/** Volumes whose labels say in which zone or region they are. */
export function volumeZone({
  knownClaims,
  knownVolumes,
  classes,
}: VolumeObjects): SchedulingPlugin<Topology[]> {
  /** Where the claim's volume is; a text: why nothing can be said of it. */
  const topologiesOf = (namespace: string, name: string): Topology[] | string => {
    const claim = knownClaims.get(`${namespace}/${name}`);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    const { volumeName } = claim.spec;
    if (volumeName) {
      const volume = knownVolumes.get(volumeName);
      return volume ? labelledTopologies(volume) : `persistentvolume "${volumeName}" not found`;
    }
    const className = storageClassNameOf(claim);
    if (className === "") return "PersistentVolumeClaim had no pv name and storageClass name";
    const storageClass = classes.get(className);
    if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`;
    return storageClass.volumeBindingMode === "WaitForFirstConsumer" ? [] : "PersistentVolume had no name";
  };

  return {
    name: "VolumeZone",
    wokenBy: ["node", "storage"],
    prepare: ({ metadata, spec }: Pod) => {
      const topologies: Topology[] = [];
      for (const { persistentVolumeClaim } of spec.volumes ?? []) {
        if (!persistentVolumeClaim) continue;
        const found = topologiesOf(metadata.namespace!, persistentVolumeClaim.claimName);
        if (typeof found === "string") return new PodRefusal(found);
        topologies.push(...found);
      }
      return topologies.length === 0 ? "skip" : topologies;
    },
    filter: (_pod, { node }, topologies) => {
      const labels = node.metadata.labels ?? {};
      if (!Object.keys(LABELS).some((key) => labels[key] !== undefined)) return undefined;
      const isThere = ({ key, values }: Topology) => values.has(labels[key] ?? labels[LABELS[key]!] ?? "");
      return topologies.every(isThere) ? undefined : REFUSED;
    },
  };
}

/** A volume may be in several zones: `a__b`. */
function labelledTopologies({ metadata }: PersistentVolume): Topology[] {
  return Object.keys(LABELS).flatMap((key) => {
    const value = metadata.labels?.[key];
    return value === undefined ? [] : [{ key, values: new Set(value.split("__").map((one) => one.trim())) }];
  });
}
