import type { ManagedFieldsEntry } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import {
  FieldManager,
  type ManagedRequest,
  managedFieldsOf,
  withManagers,
  withoutManagers,
} from "./field-manager.ts";
import { Managers } from "./managers.ts";

export interface UpdateRequest extends ManagedRequest {
  /** The object as the client wants it stored; its managedFields are those that the client sent, an empty list as such. */
  next: KubeObject;
  /** Told what keeps the fields from being managed: the request goes on, the object has no managers then. */
  onProblem?: (problem: unknown) => void;
}

/**
 * What a create, an update or a patch makes of `metadata.managedFields`: `next` with them. Managers that the client sent
 * count, also when it changed them; `[]` and `[{}]` forget all. An object that was stored without any is not managed
 * before its first apply.
 */
export function manageUpdate(request: UpdateRequest): KubeObject {
  const { kind, live, manager } = request;
  const managers = managersOf(request);
  const next = withoutManagers(request.next);
  if (managers.fields.size === 0 && live?.metadata.uid) return next;
  try {
    const before = live === undefined ? kind.empty : withoutManagers(live);
    new FieldManager(request).update(before, next, managers, manager);
    return withManagers(next, managers);
  } catch (problem) {
    request.onProblem?.(problem);
    return next;
  }
}

function managersOf({ live, next, subresource }: UpdateRequest): Managers {
  const stored = managedFieldsOf(live);
  // Through a subresource nobody sets them.
  if (subresource) return decodedOrNone(stored);
  const sent = managedFieldsOf(next);
  if (isReset(sent)) return new Managers();
  const managers = decodedOrNone(sent);
  return managers.fields.size > 0 ? managers : decodedOrNone(stored);
}

function decodedOrNone(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return Managers.decode(entries);
  } catch {
    return new Managers();
  }
}

function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined || entries === null) return false;
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0);
}
