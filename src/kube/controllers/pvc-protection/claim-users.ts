import { claimNameOf, type PersistentVolumeClaim, type Pod } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf } from "../owner.ts";

const INDEX = "claim";

/** Lets `podsMentioning` answer without going through the whole namespace. */
export function indexByClaim(pods: Informer<Pod>): void {
  pods.addIndex(INDEX, (pod) =>
    (pod.spec.volumes ?? []).flatMap((volume) => {
      const name = claimNameOf(pod, volume);
      return name === undefined ? [] : [`${pod.metadata.namespace}/${name}`];
    }),
  );
}

export function podsMentioning(pods: Informer<Pod>, claim: PersistentVolumeClaim): readonly Pod[] {
  return podsOfClaim(pods, keyOf(claim));
}

/** By the claim's `namespace/name`, whether there is such a claim or not. */
export function podsOfClaim(pods: Informer<Pod>, key: string): readonly Pod[] {
  return pods.byIndex(INDEX, key);
}

/**
 * Only a bound pod counts: the kubelet starts none whose claim is on its way out. A pod that ended still counts, one whose
 * own ephemeral claim this is only until it is shut down.
 */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  return (pod.spec.volumes ?? []).some((volume) => {
    if (claimNameOf(pod, volume) !== claim.metadata.name) return false;
    return volume.persistentVolumeClaim !== undefined || (!isShutDown(pod) && isMadeFor(claim, pod));
  });
}

/**
 * Nothing of the pod is left but its object, which may itself wait for the claim to go: the kubelet is done with it, or it was
 * deleted by force.
 */
export function isShutDown({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}

const isMadeFor = (claim: PersistentVolumeClaim, pod: Pod): boolean =>
  controllerOf(claim)?.uid === pod.metadata.uid;
