import { jsonEquals } from "../../../formats/index.ts";
import {
  groupResourceText,
  type KindDefinition,
  type KindSource,
  type KubeObject,
  type OwnerReference,
  parseApiVersion,
} from "../../api/index.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { ResourceRequestInfo } from "../request-info.ts";
import { type AdmissionPlugin, type AdmissionRequest, refusalOf } from "./admission.ts";

export interface OwnerReferencesOptions {
  authorizer: Authorizer;
  kinds: Pick<KindSource, "findByKind">;
}

/**
 * To change an object's owners is to say when it goes: that takes the right to delete it. To make its owner wait for it takes
 * the right to hold the owner by a finalizer.
 */
export function ownerReferencesPermissionEnforcement(options: OwnerReferencesOptions): AdmissionPlugin {
  return {
    name: "OwnerReferencesPermissionEnforcement",
    async validate(request) {
      const { operation, kind, subresource, object, oldObject } = request;
      if (operation !== "CREATE" && operation !== "UPDATE") return;
      // Its strategy keeps the owners.
      if (groupResourceText(kind) === "pods" && subresource === "status") return;
      const [next, previous] = [ownersOf(object), ownersOf(oldObject)];
      if (jsonEquals(next, previous)) return;
      if (operation === "UPDATE") await requireDelete(options, request);
      const blocking = newlyBlocking(next, previous);
      if (blocking.length > 0) await requireFinalizers(options, request, blocking);
    },
  };
}

const ownersOf = (object: KubeObject | undefined): OwnerReference[] =>
  object?.metadata?.ownerReferences ?? [];

function newlyBlocking(next: OwnerReference[], previous: OwnerReference[]): OwnerReference[] {
  const blocked = previous.filter(({ blockOwnerDeletion }) => blockOwnerDeletion).map(({ uid }) => uid);
  return next.filter(({ uid, blockOwnerDeletion }) => blockOwnerDeletion && !blocked.includes(uid));
}

async function requireDelete(
  { authorizer }: OwnerReferencesOptions,
  request: AdmissionRequest,
): Promise<void> {
  const { kind, namespace, name, subresource, user } = request;
  const { decision, reason } = await authorizer.authorize(user, {
    ...attributes("delete", kind),
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  });
  if (decision !== "allow")
    throw refusalOf(request, `cannot set an ownerRef on a resource you can't delete: ${reason ?? ""}, <nil>`);
}

async function requireFinalizers(
  { authorizer, kinds }: OwnerReferencesOptions,
  request: AdmissionRequest,
  owners: readonly OwnerReference[],
): Promise<void> {
  const { user, namespace } = request;
  const all = { group: "*", version: "*", resource: "*" };
  const anything = { ...attributes("update", all), subresource: "finalizers", name: "*" };
  if ((await authorizer.authorize(user, anything)).decision === "allow") return;
  for (const { apiVersion, kind: kindName, name } of owners) {
    const { group, version } = parseApiVersion(apiVersion);
    const kind = kinds.findByKind(group, version, kindName);
    if (!kind)
      throw refusalOf(
        request,
        `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kindName}: no matches for kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}`,
      );
    const { decision, reason } = await authorizer.authorize(user, {
      ...attributes("update", kind),
      subresource: "finalizers",
      name,
      ...(kind.namespaced && namespace ? { namespace } : {}),
    });
    if (decision !== "allow")
      throw refusalOf(
        request,
        `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reason ?? ""}, <nil>`,
      );
  }
}

const attributes = (
  verb: ResourceRequestInfo["verb"],
  { group, version, resource }: Pick<KindDefinition, "group" | "version" | "resource">,
): ResourceRequestInfo => ({ isResource: true, path: "", verb, group, version, resource });
