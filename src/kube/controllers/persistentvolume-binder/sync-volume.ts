import {
  hasVolumeModeOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  PROVISIONED_BY,
  persistentVolumeClaims,
} from "../../api/index.ts";
import { keyOf } from "../object-key.ts";
import { ifThere, unlessGone } from "../write-errors.ts";
import type { Binder } from "./binder.ts";
import { reclaimVolume } from "./reclaim-volume.ts";

/** Brings the volume's phase to what its claim says (pv_controller.go, syncVolume). */
export async function syncVolume(binder: Binder, volume: PersistentVolume): Promise<void> {
  await unlessGone(judge(binder, volume));
}

async function judge(binder: Binder, volume: PersistentVolume): Promise<void> {
  const { writes } = binder;
  if (!volume.spec.claimRef?.uid) {
    await writes.setVolumePhase(volume, "Available");
    return;
  }
  const claim = await claimOf(binder, volume);
  if (!claim) await release(binder, volume);
  else if (!claim.spec.volumeName) takeUp(binder, volume, claim);
  else if (claim.spec.volumeName === volume.metadata.name) await writes.setVolumePhase(volume, "Bound");
  else if (isOwnDisposable(volume)) await release(binder, volume);
  else await writes.unbind(volume);
}

/** The claim that the volume points to, asked live before it counts as gone: what is released may be deleted. */
async function claimOf(
  { client, writes }: Binder,
  { spec, status }: PersistentVolume,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace, name, uid } = spec.claimRef!;
  const known = writes.claim(`${namespace}/${name}`);
  if (known?.metadata.uid === uid) return known;
  if (isReleased(status?.phase)) return undefined;
  const claim = await ifThere(client.get(persistentVolumeClaims, namespace, name!));
  return claim?.metadata.uid === uid ? claim : undefined;
}

const isReleased = (phase: string | undefined): boolean => phase === "Released" || phase === "Failed";

/** It was made for a claim that found another volume; nobody else is to get it. */
const isOwnDisposable = ({ metadata, spec }: PersistentVolume): boolean =>
  metadata.annotations?.[PROVISIONED_BY] !== undefined && spec.persistentVolumeReclaimPolicy === "Delete";

async function release(binder: Binder, volume: PersistentVolume): Promise<void> {
  const released = isReleased(volume.status?.phase)
    ? volume
    : await binder.writes.setVolumePhase(volume, "Released");
  await reclaimVolume(binder, released);
}

/** The claim does not know of the volume yet. */
function takeUp(
  { recorder, enqueueClaim }: Binder,
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): void {
  if (hasVolumeModeOf(volume, claim)) {
    enqueueClaim(keyOf(claim));
    return;
  }
  const why = "due to incompatible volumeMode.";
  const toClaim = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" ${why}`;
  recorder.event(volume, "Warning", "VolumeMismatch", toClaim);
  const toVolume = `Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim ${why}`;
  recorder.event(claim, "Warning", "VolumeMismatch", toVolume);
}
