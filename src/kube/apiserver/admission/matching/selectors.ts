import type { LabelSelector } from "../../../../formats/index.ts";
import { type KubeObject, namespaces, statusNotFound } from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { AdmissionRequest } from "../admission.ts";

/** Whether the object is selected as it is or as it was (webhook/predicates/object). */
export function objectMatches(selector: LabelSelector, { object, oldObject }: AdmissionRequest): boolean {
  if (selector.requirements.length === 0) return true;
  const isSelected = (one: KubeObject | undefined) =>
    one?.metadata !== undefined && selector.matches(one.metadata.labels ?? {});
  return isSelected(object) || isSelected(oldObject);
}

/**
 * Whether the namespace is selected; what lies in none is never passed over (webhook/predicates/namespace). Throws NotFound
 * where it is not there.
 */
export async function namespaceMatches(
  lookup: ObjectLookup,
  selector: LabelSelector,
  request: AdmissionRequest,
): Promise<boolean> {
  const { kind, namespace } = request;
  if (selector.requirements.length === 0) return true;
  if (!namespace && kind.resource !== "namespaces") return true;
  return selector.matches(await namespaceLabels(lookup, request));
}

async function namespaceLabels(
  lookup: ObjectLookup,
  { kind, subresource, operation, namespace = "", object }: AdmissionRequest,
): Promise<Record<string, string>> {
  const isOwn = kind.resource === "namespaces" && !subresource;
  if (isOwn && (operation === "CREATE" || operation === "UPDATE")) return object!.metadata.labels ?? {};
  return (await existingNamespace(lookup, namespace)).metadata.labels ?? {};
}

/** Throws NotFound. */
export async function existingNamespace(lookup: ObjectLookup, name: string): Promise<KubeObject> {
  const found = await lookup.get(namespaces, undefined, name);
  if (!found) throw statusNotFound(namespaces, name);
  return found;
}
