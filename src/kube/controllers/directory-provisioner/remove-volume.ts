import { errorMessage, GantryError } from "../../../base/index.ts";
import { type PersistentVolume, PROVISIONED_BY, persistentVolumes } from "../../api/index.ts";
import { removeFinalizer } from "../finalizers.ts";
import { DELETION_FINALIZER } from "./provisioned-volume.ts";
import type { Provisioner } from "./provisioner.ts";
import { PROVISIONER } from "./storage-class.ts";
import { nodeOfVolume } from "./volume-owner.ts";

/**
 * Removes a volume whose claim is gone: first the directory, then the object, so that what is cut off in between is done
 * again. Throws where another try may help.
 */
export async function removeVolume(provisioner: Provisioner, known: PersistentVolume): Promise<void> {
  const { client, recorder, nodeName } = provisioner;
  if (!isToGo(known) || (nodeOfVolume(known) ?? nodeName) !== nodeName) return;
  // Asked live: a person may have just said that it is to be kept.
  const volume = await client.get(persistentVolumes, undefined, known.metadata.name);
  if (volume.metadata.uid !== known.metadata.uid || !isToGo(volume)) return;
  try {
    await removeDirectory(provisioner, volume);
  } catch (error) {
    recorder.event(volume, "Warning", "VolumeFailedDelete", errorMessage(error));
    throw error;
  }
  await removeObject(provisioner, volume);
}

/** It was made here, its claim is gone, and it is not to be kept. */
function isToGo({ metadata, spec, status }: PersistentVolume): boolean {
  const isReleased = status?.phase === "Released" || status?.phase === "Failed";
  const isOurs = metadata.annotations?.[PROVISIONED_BY] === PROVISIONER;
  const isHeldByOthers =
    metadata.deletionTimestamp !== undefined && !metadata.finalizers?.includes(DELETION_FINALIZER);
  return isOurs && isReleased && spec.persistentVolumeReclaimPolicy === "Delete" && !isHeldByOthers;
}

async function removeDirectory(
  { directories }: Provisioner,
  { metadata: { name }, spec }: PersistentVolume,
): Promise<void> {
  // A volume that says it lies elsewhere was not made here, whatever else it says.
  if (spec.local?.path !== directories.pathOf(name)) {
    throw new GantryError("InvalidArgument", "the volume does not lie where volumes of this node are made", {
      code: "Provisioner.ForeignVolume",
    });
  }
  await directories.remove(name);
}

async function removeObject({ client, volumes }: Provisioner, volume: PersistentVolume): Promise<void> {
  const { name, uid } = volume.metadata;
  await client.delete(persistentVolumes, undefined, name, { preconditions: { uid } });
  if (!volume.metadata.finalizers?.includes(DELETION_FINALIZER)) return;
  const leaving = await client.get(persistentVolumes, undefined, name);
  const held = { client, resource: persistentVolumes, informer: volumes, finalizer: DELETION_FINALIZER };
  await removeFinalizer(held, leaving);
}
