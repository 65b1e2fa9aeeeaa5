import { errorMessage, GantryError } from "../../../base/index.ts";
import {
  claimNameOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type Volume,
} from "../../api/index.ts";
import { allContainers } from "../naming.ts";
import { VolumeError } from "./volume-error.ts";

/** Reads claims and volumes as they are now; throws the API's refusals. */
export interface ClaimReader {
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim>;
  volume(name: string): Promise<PersistentVolume>;
}

/**
 * The persistent volume behind each volume of the pod that stands for a claim and is used by a container
 * (desired_state_of_world_populator.go). Throws a VolumeError that tells of all that cannot be used yet.
 */
export async function claimedVolumes(pod: Pod, reader: ClaimReader): Promise<Map<string, PersistentVolume>> {
  const found = new Map<string, PersistentVolume>();
  const failed = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    const claimName = claimNameOf(pod, volume);
    if (claimName === undefined || !isUsed(pod, volume)) continue;
    try {
      found.set(volume.name, await claimedVolume(pod, volume, claimName, reader));
    } catch (error) {
      failed.set(volume.name, errorMessage(error));
    }
  }
  if (failed.size === 0) return found;
  const names = `[${[...failed.keys()].join(" ")}]`;
  throw new VolumeError(
    `Unable to attach or mount volumes: unmounted volumes=${names}, unattached volumes=[], failed to process volumes=${names}: ${[...failed.values()].join("; ")}`,
  );
}

const isUsed = (pod: Pod, volume: Volume): boolean => isMounted(pod, volume) || isDevice(pod, volume);

async function claimedVolume(
  pod: Pod,
  volume: Volume,
  claimName: string,
  reader: ClaimReader,
): Promise<PersistentVolume> {
  const namespace = pod.metadata.namespace!;
  const claim = await processing(namespace, claimName, () => boundClaim(namespace, claimName, reader));
  if (volume.ephemeral) assertMadeFor(pod, claim);
  const found = await processing(namespace, claimName, () => volumeOf(claim, reader));
  const { volumeMode = "Filesystem" } = found.spec;
  if (volumeMode !== "Filesystem" && isMounted(pod, volume))
    throw refused(`volume ${volume.name} has volumeMode ${volumeMode}, but is specified in volumeMounts`);
  if (volumeMode !== "Block" && isDevice(pod, volume))
    throw refused(`volume ${volume.name} has volumeMode ${volumeMode}, but is specified in volumeDevices`);
  return found;
}

async function processing<T>(namespace: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refused(`error processing PVC ${namespace}/${name}: ${errorMessage(error)}`);
  }
}

async function boundClaim(
  namespace: string,
  name: string,
  reader: ClaimReader,
): Promise<PersistentVolumeClaim> {
  const claim = await reader.claim(namespace, name).catch((error) => {
    throw refused(`failed to fetch PVC from API server: ${errorMessage(error)}`);
  });
  const { deletionTimestamp, finalizers = [] } = claim.metadata;
  if (deletionTimestamp !== undefined && !finalizers.includes("kubernetes.io/pvc-protection"))
    throw refused("PVC is being deleted");
  if (claim.status?.phase !== "Bound") throw refused("PVC is not bound");
  if (!claim.spec.volumeName) throw refused("PVC has empty pvc.Spec.VolumeName");
  return claim;
}

async function volumeOf(claim: PersistentVolumeClaim, reader: ClaimReader): Promise<PersistentVolume> {
  const name = claim.spec.volumeName!;
  const volume = await reader.volume(name).catch((error) => {
    throw refused(`failed to fetch PV ${name} from API server: ${errorMessage(error)}`);
  });
  const { claimRef } = volume.spec;
  if (!claimRef)
    throw refused(
      `found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`,
    );
  if (claimRef.uid !== claim.metadata.uid)
    throw refused(
      `found PV object ${name} but its pv.Spec.ClaimRef.UID ${claimRef.uid} does not point to claim.UID ${claim.metadata.uid}`,
    );
  return volume;
}

/** A claim of the right name that a person made is not the pod's own. */
function assertMadeFor({ metadata: pod }: Pod, { metadata: claim }: PersistentVolumeClaim): void {
  if (claim.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.uid)) return;
  const [claimKey, podKey] = [claim, pod].map(({ namespace, name }) => `${namespace}/${name}`);
  throw refused(`PVC ${claimKey} was not created for pod ${podKey} (pod is not owner)`);
}

const isMounted = (pod: Pod, { name }: Volume): boolean =>
  allContainers(pod).some(({ volumeMounts = [] }) => volumeMounts.some((mount) => mount.name === name));

const isDevice = (pod: Pod, { name }: Volume): boolean =>
  allContainers(pod).some(({ volumeDevices = [] }) => volumeDevices.some((device) => device.name === name));

const refused = (message: string) => new GantryError("Unavailable", message, { code: "Kubelet.Claim" });
