import type { ObjectReference, PersistentVolume, PersistentVolumeClaim } from "../../generated/types.ts";

/** The volume and the claim point to each other: what was decided once is not decided again. */
export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
/** The binder chose the other one; where it is missing a person did. */
export const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
/** Where the scheduler wants the claim's volume to be made. */
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Who made the volume, and takes it away. */
export const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
/** Who is asked to make the claim's volume. */
export const STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner";
export const BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";
/** The provisioner of classes whose volumes are made by hand. */
export const NO_PROVISIONER = "kubernetes.io/no-provisioner";

/** Whether the volume is meant for the claim: a reference without a uid takes whatever claim has the name. */
export function isVolumeBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { claimRef } = volume.spec;
  const { namespace, name, uid } = claim.metadata;
  if (!claimRef || claimRef.name !== name || claimRef.namespace !== namespace) return false;
  return !claimRef.uid || claimRef.uid === uid;
}

/** The volume as it points to the claim; itself where it does already. */
export function volumeBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { annotations } = volume.metadata;
  const isChosenHere = !isVolumeBoundTo(volume, claim) && annotations?.[BOUND_BY_CONTROLLER] === undefined;
  const pointsThere = isVolumeBoundTo(volume, claim) && volume.spec.claimRef?.uid === claim.metadata.uid;
  if (pointsThere && !isChosenHere) return volume;
  return {
    ...volume,
    metadata: isChosenHere
      ? { ...volume.metadata, annotations: { ...annotations, [BOUND_BY_CONTROLLER]: "yes" } }
      : volume.metadata,
    spec: { ...volume.spec, claimRef: referenceTo(claim) },
  };
}

/** A claim's reference in its volume. */
export function referenceTo({ metadata }: PersistentVolumeClaim): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion };
}
