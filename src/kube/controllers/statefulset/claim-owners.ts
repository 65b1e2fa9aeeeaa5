import type { PersistentVolumeClaim, StatefulSet } from "../../api/index.ts";
import type { ApiObject, OwnerReference } from "../../api/types.ts";
import { controllerReference } from "../owner.ts";
import { isWanted, ordinalOf } from "./ordinals.ts";

/** A pod, or one that is about to be made and has no uid yet. */
export interface ClaimingPod {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid?: string };
}

type Claim = Pick<PersistentVolumeClaim, "metadata">;

const refersTo = (reference: OwnerReference, { apiVersion, kind, metadata }: ClaimingPod | ApiObject) =>
  reference.apiVersion === apiVersion && reference.kind === kind && reference.name === metadata.name;

const referencesOf = ({ metadata }: Claim): readonly OwnerReference[] => metadata.ownerReferences ?? [];

/** Whether the claim belongs to an earlier object of this name, with which it will go. */
export function isStale(claim: Claim, owner: ClaimingPod | ApiObject): boolean {
  const reference = referencesOf(claim).find((one) => refersTo(one, owner));
  return reference !== undefined && reference.uid !== owner.metadata.uid;
}

function policyOf({ spec }: StatefulSet) {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return { goesWithSet: whenDeleted === "Delete", goesWithPod: whenScaled === "Delete" };
}

/** Whether new pods have to wait until the claims of the last ones of their names are gone. */
export const claimsGoWithPods = (set: StatefulSet): boolean => policyOf(set).goesWithPod;

/** Whether the set's policy cannot be carried out as somebody else answers for the claim. */
export function hasOtherController(claim: Claim, set: StatefulSet, pod: ClaimingPod): boolean {
  const { goesWithSet, goesWithPod } = policyOf(set);
  if (!goesWithSet && !goesWithPod) return false;
  return referencesOf(claim).some((reference) => {
    for (const own of [set, pod]) if (refersTo(reference, own)) return reference.uid !== own.metadata.uid;
    return reference.controller === true;
  });
}

/**
 * With whom the claim has to go by the set's policy: with the set, with the pod that the set no longer asks for, or with
 * nobody.
 */
function wantedOwners(set: StatefulSet, pod: ClaimingPod): (ClaimingPod | ApiObject)[] {
  const { goesWithSet, goesWithPod } = policyOf(set);
  const isScaledDown = !isWanted(set, ordinalOf(pod));
  if (goesWithPod && isScaledDown) return [pod];
  return goesWithSet ? [set] : [];
}

/** Whether the claim's owners are those of the policy; what is in a state of unknown origin counts as well. */
export function ownersFit(claim: Claim, set: StatefulSet, pod: ClaimingPod): boolean {
  if (isStale(claim, set) || isStale(claim, pod)) return true;
  const own = referencesOf(claim).filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid);
  if (hasOtherController(claim, set, pod)) return own.length === 0;
  if (own.some(({ controller }) => !controller)) return false;
  const wanted = wantedOwners(set, pod);
  return (
    own.length === wanted.length &&
    wanted.every(({ metadata }) => own.some(({ uid }) => uid === metadata.uid))
  );
}

/** The claim's owners by the policy; those of others stay. */
export function ownersOf(claim: Claim, set: StatefulSet, pod: ClaimingPod): OwnerReference[] {
  const others = referencesOf(claim).filter((one) => !refersTo(one, set) && !refersTo(one, pod));
  if (hasOtherController(claim, set, pod)) return others;
  const wanted = wantedOwners(set, pod).map((owner) => controllerReference(owner as ApiObject));
  return [...others, ...wanted];
}
