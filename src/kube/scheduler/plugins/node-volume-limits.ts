import { claimNameOf, type Pod, storageClassNameOf } from "../../api/index.ts";
import type { Refusal, SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { VolumeObjects } from "../volumes/volume-objects.ts";

const REFUSED: readonly Refusal[] = [{ reason: "node(s) exceed max volume count" }];

/** By volume: the driver that attaches it. */
type Attached = Map<string, string>;

/** How many volumes of a driver a node can have, as its CSINode says. */
export function nodeVolumeLimits(objects: VolumeObjects): SchedulingPlugin<Attached> {
  const addVolumesOf = (pod: Pod, attached: Attached): void => {
    for (const volume of pod.spec.volumes ?? []) {
      const name = claimNameOf(pod, volume);
      if (name !== undefined) addClaim(`${pod.metadata.namespace}/${name}`, attached);
    }
  };

  const addClaim = (key: string, attached: Attached): void => {
    const claim = objects.knownClaims.get(key);
    if (!claim) return;
    const known = claim.spec.volumeName ? objects.knownVolumes.get(claim.spec.volumeName) : undefined;
    if (known) {
      const { csi } = known.spec;
      if (csi) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
      return;
    }
    const driver = objects.classes.get(storageClassNameOf(claim))?.provisioner;
    // It has no handle yet, but will be a volume of its own.
    if (driver) attached.set(`${driver}/claim ${key}`, driver);
  };

  const attachedTo = ({ name, pods }: NodeInfo): Attached => {
    const attached: Attached = new Map();
    for (const { pod } of pods.values()) addVolumesOf(pod, attached);
    for (const { spec } of objects.attachmentsOf(name)) {
      const { persistentVolumeName } = spec.source;
      const csi = persistentVolumeName && objects.knownVolumes.get(persistentVolumeName)?.spec.csi;
      if (csi) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    }
    return attached;
  };

  return {
    name: "NodeVolumeLimits",
    wokenBy: ["node", "pod-gone", "storage"],
    prepare: (pod) => {
      const wanted: Attached = new Map();
      addVolumesOf(pod, wanted);
      return wanted.size === 0 ? "skip" : wanted;
    },
    filter: (_pod, node, wanted) => {
      const limits = limitsOf(node.name, objects);
      if (limits.size === 0) return undefined;
      const attached = attachedTo(node);
      const added = [...wanted].filter(([volume]) => !attached.has(volume));
      const counts = new Map<string, number>();
      for (const [, driver] of [...attached, ...added]) counts.set(driver, (counts.get(driver) ?? 0) + 1);
      const isOver = added.some(
        ([, driver]) => counts.get(driver)! > (limits.get(driver) ?? Number.POSITIVE_INFINITY),
      );
      return isOver ? REFUSED : undefined;
    },
  };
}

/** By driver. */
function limitsOf(node: string, { csiNodes }: VolumeObjects): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of csiNodes.get(node)?.spec.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}
