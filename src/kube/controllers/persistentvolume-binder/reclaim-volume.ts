import { isPodTerminal, type PersistentVolume, PROVISIONED_BY } from "../../api/index.ts";
import { keyOf } from "../object-key.ts";
import { podsOfClaim } from "../pvc-protection/claim-users.ts";
import type { Binder } from "./binder.ts";

/** What becomes of a volume whose claim is gone. Who makes volumes deletes them too; nothing else is ever deleted. */
export async function reclaimVolume(binder: Binder, volume: PersistentVolume): Promise<void> {
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case "Retain":
      return;
    case "Recycle":
      return recycle(binder, volume);
    case "Delete":
      return leaveToDeleter(binder, volume);
    default: {
      const message = "Volume has unrecognized PersistentVolumeReclaimPolicy";
      return fail(binder, volume, { reason: "VolumeUnknownReclaimPolicy", message, status: "" });
    }
  }
}

/** Recycling is deprecated: no volume here has a recycler. */
async function recycle(binder: Binder, volume: PersistentVolume): Promise<void> {
  const { namespace, name } = volume.spec.claimRef!;
  const users = podsOfClaim(binder.pods, `${namespace}/${name}`).filter((pod) => !isPodTerminal(pod));
  if (users.length > 0) {
    const message = `Volume is used by pods: ${users.map(keyOf).sort().join(",")}`;
    binder.recorder.event(volume, "Normal", "VolumeFailedRecycle", message);
    return;
  }
  const message = "No recycler plugin found for the volume!";
  await fail(binder, volume, { reason: "VolumeFailedRecycle", message, status: message });
}

async function leaveToDeleter(binder: Binder, volume: PersistentVolume): Promise<void> {
  const deleter = volume.metadata.annotations?.[PROVISIONED_BY];
  if (deleter !== undefined && !deleter.startsWith("kubernetes.io/")) return;
  if (volume.spec.csi) return;
  const message = deleter
    ? `no volume plugin matched name: ${deleter}`
    : `error getting deleter volume plugin for volume "${volume.metadata.name}": no volume plugin matched`;
  await fail(binder, volume, { reason: "VolumeFailedDelete", message, status: message });
}

async function fail(
  { writes, recorder }: Binder,
  volume: PersistentVolume,
  { reason, message, status }: { reason: string; message: string; status: string },
): Promise<void> {
  if (volume.status?.phase === "Failed") return;
  const written = await writes.setVolumePhase(volume, "Failed", status);
  recorder.event(written, "Warning", reason, message);
}
