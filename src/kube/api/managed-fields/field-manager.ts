import type { JsonObject } from "../../../formats/index.ts";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { formatTime } from "../meta/time.ts";
import type { KubeObject } from "../types.ts";
import { capUpdaters } from "./cap-managers.ts";
import { createdFields } from "./created-fields.ts";
import { EMPTY_SET, union } from "./field-set.ts";
import { type ManagerIdentifier, managerIdentifier } from "./managed-entry.ts";
import type { ManagedKind } from "./managed-kind.ts";
import type { Managers } from "./managers.ts";
import { stripMeta } from "./strip-meta.ts";
import { type ConflictRule, Updater } from "./updater.ts";
import { validateTyped } from "./validate-typed.ts";

export interface ManagedRequest {
  kind: ManagedKind;
  /** The stored object in the version of the request; undefined for one that is to be created. */
  live: KubeObject | undefined;
  /** `fieldManager` of the request, or what `defaultManager` makes of its User-Agent. */
  manager: string;
  /** `status`, `scale`, …; absent for the resource itself. */
  subresource?: string;
  nowMs: number;
}

/** The name of a manager that gave none. */
const UNKNOWN = "unknown";
/** Whom an update's changes belong to until it is clear whether there are any. */
const CURRENT: ManagerIdentifier = "current-operation";

/** What a request does to the managers of its object, in its version and at its time. */
export class FieldManager {
  private readonly kind: ManagedKind;
  private readonly subresource: string;
  private readonly time: string;
  private readonly updater: Updater;

  constructor({ kind, subresource = "", nowMs }: ManagedRequest) {
    this.kind = kind;
    this.subresource = subresource;
    this.time = formatTime(Math.floor(nowMs / 1000), 0, false) ?? "";
    this.updater = new Updater(kind);
  }

  /** The manager owns what it changed from `live` to `next`. Throws a TypedError for objects that do not fit. */
  update(live: unknown, next: unknown, managers: Managers, manager: string): void {
    if (this.kind.mayMisfit) for (const one of [next, live]) validateTyped(one, this.kind.schema, "stored");
    this.change(live, next, managers);
    const changed = managers.fields.get(CURRENT);
    if (changed !== undefined) {
      managers.fields.delete(CURRENT);
      const identifier = this.identifierOf(manager, "Update");
      const before = managers.fields.get(identifier);
      const set = before === undefined ? changed.set : union(before.set, changed.set);
      managers.fields.set(identifier, { ...changed, set });
      managers.times.set(identifier, this.time);
    }
    capUpdaters(managers);
  }

  /** Gives the current operation what it changed. */
  private change(live: unknown, next: unknown, managers: Managers): void {
    const work = () => {
      this.updater.update(live, next, managers, CURRENT);
      this.strip(managers, CURRENT);
      return managers.fields.get(CURRENT)?.set ?? EMPTY_SET;
    };
    if (live !== this.kind.empty || managers.fields.size > 0) {
      work();
      return;
    }
    const set = createdFields(this.kind, next, work);
    if (!set.isEmpty)
      managers.fields.set(CURRENT, { set, apiVersion: this.kind.apiVersion, isApplied: false });
  }

  /** Answers with the merged object, the very live one where nothing changes. Throws ConflictsError. */
  apply(
    live: unknown,
    config: JsonObject,
    managers: Managers,
    manager: string,
    conflicts: ConflictRule,
  ): unknown {
    const identifier = this.identifierOf(manager, "Apply");
    const merged = this.updater.apply(live, config, managers, identifier, conflicts);
    this.strip(managers, identifier);
    if (merged !== live) managers.times.set(identifier, this.time);
    return merged;
  }

  private identifierOf(manager: string, operation: "Apply" | "Update"): ManagerIdentifier {
    const { subresource } = this;
    return managerIdentifier({
      manager: manager || UNKNOWN,
      operation,
      apiVersion: this.kind.apiVersion,
      subresource,
    });
  }

  private strip({ fields }: Managers, manager: ManagerIdentifier): void {
    const own = fields.get(manager);
    if (own === undefined) return;
    const set = stripMeta(own.set);
    if (set.isEmpty) fields.delete(manager);
    else if (set !== own.set) fields.set(manager, { ...own, set });
  }
}

/** Of an object whose metadata may be missing: a configuration need not have any. */
export function managedFieldsOf(
  object: { metadata?: KubeObject["metadata"] | null } | undefined,
): ManagedFieldsEntry[] | undefined {
  return object?.metadata?.managedFields as ManagedFieldsEntry[] | undefined;
}

/** The object without what is said of its managers; the very same if nothing is. */
export function withoutManagers(object: KubeObject): KubeObject {
  if (managedFieldsOf(object) === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The object with these managers instead of those that it had. */
export function withManagers(object: KubeObject, managers: Managers): KubeObject {
  const managedFields = managers.encode();
  const bare = withoutManagers(object);
  if (managedFields.length === 0) return bare;
  return { ...bare, metadata: { ...bare.metadata, managedFields } };
}
