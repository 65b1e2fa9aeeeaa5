import type { Pod, Volume } from "../../generated/types.ts";

type ClaimingVolume = Pick<Volume, "name" | "persistentVolumeClaim"> & { ephemeral?: object };

/** The claim that a volume stands for: the one it names, or the one that is made for it (component-helpers' ephemeral). */
export function claimNameOf(pod: Pick<Pod, "metadata">, volume: ClaimingVolume): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName || undefined;
  return volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined;
}
