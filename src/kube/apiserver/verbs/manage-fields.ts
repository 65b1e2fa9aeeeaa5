import {
  apiVersionOf,
  convertObject,
  equivalentsOf,
  type KindDefinition,
  type KindSource,
  type KubeObject,
  type ManagedKind,
  managedKind,
  manageUpdate,
  resetFieldsFilter,
  type Versions,
} from "../../api/index.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { fieldManagerName } from "./field-manager-name.ts";

const known = new WeakMap<KindDefinition, Map<string, ManagedKind>>();

/** A kind as whoever manages its fields knows it, with what nobody can own through the subresource. */
export function managedKindOf(kinds: KindSource, kind: KindDefinition, subresource = ""): ManagedKind {
  const ofKind = known.get(kind) ?? new Map<string, ManagedKind>();
  known.set(kind, ofKind);
  let managed = ofKind.get(subresource);
  if (!managed) {
    const filter = resetFieldsFilter(kind, subresource);
    managed = { ...managedKind(kind), versions: versionsOf(kinds, kind), filterFor: () => filter };
    ofKind.set(subresource, managed);
  }
  return managed;
}

/** The kind's own version, and those in which its objects can be written, too. */
function versionsOf(kinds: KindSource, kind: KindDefinition): Versions {
  const all = [kind, ...equivalentsOf(kinds, kind)];
  const at = (apiVersion: string) => all.find((one) => apiVersionOf(one) === apiVersion);
  return {
    schemaAt: (apiVersion) => {
      const found = at(apiVersion);
      return found && managedKind(found).schema;
    },
    convert: (object, from, to) => convertObject(object as KubeObject, at(from)!, at(to)!),
  };
}

/** `next` with what the owners of its fields are after this write. */
export function withFieldManagers(
  context: ServerContext,
  call: ResourceCall,
  next: KubeObject,
  live: KubeObject | undefined,
): KubeObject {
  const { kind, info } = call;
  return manageUpdate({
    kind: managedKindOf(context.kinds, kind, info.subresource),
    live,
    next,
    manager: fieldManagerName(call),
    ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
    nowMs: context.clock.nowMs(),
    onProblem: (error) =>
      context.logger.warn("the fields of an object are no longer managed", { path: info.path, error }),
  });
}
