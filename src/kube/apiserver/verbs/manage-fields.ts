import {
  apiVersionOf,
  convertObject,
  equivalentsOf,
  excludeFields,
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

const OBJECT_FILTER = excludeFields("status");
const STATUS_FILTER = excludeFields("spec");
const known = new WeakMap<KindDefinition, Map<string, ManagedKind>>();

/** A kind as whoever manages its fields knows it, with what nobody can own through the subresource. */
export function managedKindOf(kinds: KindSource, kind: KindDefinition, subresource = ""): ManagedKind {
  const ofKind = known.get(kind) ?? new Map<string, ManagedKind>();
  known.set(kind, ofKind);
  let managed = ofKind.get(subresource);
  if (!managed) {
    const filter = kind.managed ? customFilter(kind, subresource) : resetFieldsFilter(kind, subresource);
    const base = kind.managed ?? { ...managedKind(kind), versions: versionsOf(kinds, kind) };
    managed = withFilter(base, filter);
    ofKind.set(subresource, managed);
  }
  return managed;
}

/** Getters of the kind stay what they are. */
function withFilter(base: ManagedKind, filter: ReturnType<typeof resetFieldsFilter>): ManagedKind {
  return Object.create(base, { filterFor: { value: () => filter } }) as ManagedKind;
}

/** Of custom objects with a status of its own (apiextensions-apiserver customresource strategies). */
function customFilter({ hasStatus }: KindDefinition, subresource: string) {
  if (!hasStatus) return undefined;
  return subresource === "status" ? STATUS_FILTER : OBJECT_FILTER;
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
