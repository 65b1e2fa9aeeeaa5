import type { ApiObject, OwnerReference } from "../api/types.ts";
import type { Informer, KubeClient, ResourceRef } from "../client/index.ts";
import { unlessGone } from "./write-errors.ts";

/** The owner that controls the object, if any. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

/** A reference that makes `owner` the controller of what carries it. */
export function controllerReference(owner: ApiObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

const INDEX = "controller";
const orphansOf = (namespace: string | undefined) => `orphans/${namespace ?? ""}`;

/** Lets `childrenOf` answer without going through the whole namespace. */
export function indexByController<T extends ApiObject>(informer: Informer<T>): void {
  informer.addIndex(INDEX, (object) => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace)]);
}

/** What the owner controls. */
export function childrenOf<T extends ApiObject>(informer: Informer<T>, ownerUid: string): readonly T[] {
  return informer.byIndex(INDEX, ownerUid);
}

/** What nobody controls in a namespace. */
export function orphansIn<T extends ApiObject>(
  informer: Informer<T>,
  namespace: string | undefined,
): readonly T[] {
  return informer.byIndex(INDEX, orphansOf(namespace));
}

export interface ClaimOptions<T extends ApiObject> {
  client: KubeClient;
  owner: ApiObject;
  ownerResource: ResourceRef;
  children: Informer<T>;
  childResource: ResourceRef<T>;
  matches(child: T): boolean;
  /** Others are neither adopted nor released (finished pods). */
  concerns?(child: T): boolean;
  /** What the owner holds its children by: it comes with the adoption and goes with the release. */
  finalizer?: string;
  /** Told before children are written: what is returned may be older than what the informer then has. */
  onWrite?(): void;
}

/**
 * The children that the owner controls and selects, after it took in orphans that it selects and let go of those that it no
 * longer does (upstream's ControllerRefManager).
 */
export async function claimChildren<T extends ApiObject>(options: ClaimOptions<T>): Promise<T[]> {
  const { client, owner, children, childResource, matches, concerns = () => true, onWrite } = options;
  const { namespace, uid, deletionTimestamp } = owner.metadata;
  const owned: T[] = [];
  const strangers: T[] = [];
  for (const child of childrenOf(children, uid))
    if (concerns(child)) (matches(child) ? owned : strangers).push(child);
  if (deletionTimestamp !== undefined) return owned;
  for (const child of strangers) {
    onWrite?.();
    await unlessGone(
      client.patch(childResource, namespace, child.metadata.name, "strategic", releasePatch(options, child)),
    );
  }
  const orphans = orphansIn(children, namespace).filter(
    (child) => child.metadata.deletionTimestamp === undefined && concerns(child) && matches(child),
  );
  if (orphans.length === 0) return owned;
  onWrite?.();
  if (!(await mayAdopt(options))) return owned;
  for (const child of orphans) {
    await unlessGone(
      client
        .patch(childResource, namespace, child.metadata.name, "strategic", adoptionPatch(options, child))
        .then((adopted) => owned.push(adopted)),
    );
  }
  return owned;
}

/** Asked live: an owner that is being deleted with its children orphaned must not take them back. */
async function mayAdopt<T extends ApiObject>({
  client,
  owner,
  ownerResource,
}: ClaimOptions<T>): Promise<boolean> {
  const { namespace, name, uid } = owner.metadata;
  let fresh: ApiObject | undefined;
  await unlessGone(client.get(ownerResource, namespace, name).then((found) => (fresh = found)));
  return fresh?.metadata.uid === uid && fresh.metadata.deletionTimestamp === undefined;
}

/** The strategic-merge patch that adopts: the uid guards against an object of the same name. */
function adoptionPatch<T extends ApiObject>({ owner, finalizer }: ClaimOptions<T>, object: T): object {
  const { uid } = object.metadata;
  const held = finalizer === undefined ? {} : { finalizers: [finalizer] };
  return { metadata: { uid, ownerReferences: [controllerReference(owner)], ...held } };
}

/** The strategic-merge patch that releases. */
function releasePatch<T extends ApiObject>({ owner, finalizer }: ClaimOptions<T>, object: T): object {
  const { uid } = object.metadata;
  const letGo = finalizer === undefined ? {} : { "$deleteFromPrimitiveList/finalizers": [finalizer] };
  return { metadata: { uid, ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }], ...letGo } };
}
