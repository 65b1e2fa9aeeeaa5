import {
  BIND_COMPLETED,
  claimNameOf,
  type PersistentVolumeClaim,
  type Pod,
  storageClassNameOf,
  type Volume,
} from "../../api/index.ts";
import type { VolumeObjects } from "./volume-objects.ts";

/** A pod's claims, by what is still to be done for them. */
export interface PodClaims {
  bound: PersistentVolumeClaim[];
  /** Which volume they get depends on the node. */
  delayed: PersistentVolumeClaim[];
}

/** The pod's claims; or as a text why no node can do for it now (volume_binding.go, PreFilter). */
export function readPodClaims(pod: Pod, objects: VolumeObjects): PodClaims | string {
  const claims: PodClaims = { bound: [], delayed: [] };
  let hasUnbound = false;
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimNameOf(pod, volume);
    if (name === undefined) continue;
    const claim = objects.claims.get(`${pod.metadata.namespace}/${name}`);
    const problem = claim ? problemOf(claim, pod, volume) : notFound(name, volume);
    if (!claim || problem !== undefined) return problem!;
    if (isFullyBound(claim)) claims.bound.push(claim);
    else if (isDelayed(claim, objects)) claims.delayed.push(claim);
    else hasUnbound = true;
  }
  return hasUnbound ? "pod has unbound immediate PersistentVolumeClaims" : claims;
}

export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec.volumeName) && metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

function notFound(name: string, { ephemeral }: Volume): string {
  return ephemeral
    ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    : `persistentvolumeclaim "${name}" not found`;
}

function problemOf(
  { metadata, spec, status }: PersistentVolumeClaim,
  pod: Pod,
  volume: Volume,
): string | undefined {
  const what = `persistentvolumeclaim "${metadata.name}"`;
  if (status?.phase === "Lost") return `${what} bound to non-existent persistentvolume "${spec.volumeName}"`;
  if (metadata.deletionTimestamp !== undefined) return `${what} is being deleted`;
  const isOwn = metadata.ownerReferences?.some(
    ({ uid, controller }) => controller && uid === pod.metadata.uid,
  );
  if (!volume.ephemeral || isOwn) return undefined;
  const [claimKey, podKey] = [metadata, pod.metadata].map(({ namespace, name }) => `${namespace}/${name}`);
  return `PVC ${claimKey} was not created for pod ${podKey} (pod is not owner)`;
}

function isDelayed(claim: PersistentVolumeClaim, { classes }: VolumeObjects): boolean {
  const mode = classes.get(storageClassNameOf(claim))?.volumeBindingMode;
  return mode === "WaitForFirstConsumer" && !claim.spec.volumeName;
}
