import type { KubeObject, OwnerReference } from "../api/types.ts";

/** The owner that controls the object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

/** A reference that makes `owner` the controller of what carries it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claims<T> {
  /** Controlled by the owner and matching its selector. */
  owned: T[];
  /** Match the selector, have no controller: to be adopted. */
  adopt: T[];
  /** Controlled by the owner but no longer matching: to be released. */
  release: T[];
}

/** Sorts candidates as upstream's ControllerRefManager does. */
export function claim<T extends KubeObject>(owner: KubeObject, candidates: Iterable<T>, matches: (object: T) => boolean): Claims<T> {
  const claims: Claims<T> = { owned: [], adopt: [], release: [] };
  const ownerGoes = owner.metadata.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const controller = controllerOf(object);
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches(object)) claims.owned.push(object);
      else if (!ownerGoes) claims.release.push(object);
    } else if (!ownerGoes && object.metadata.deletionTimestamp === undefined && matches(object)) {
      claims.adopt.push(object);
    }
  }
  return claims;
}

/** The strategic-merge patch that adopts: the uid guards against an object of the same name. */
export function adoptionPatch(owner: KubeObject, object: KubeObject): object {
  return { metadata: { uid: object.metadata.uid, ownerReferences: [controllerReference(owner)] } };
}

/** The strategic-merge patch that releases. */
export function releasePatch(owner: KubeObject, object: KubeObject): object {
  return {
    metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }] },
  };
}
