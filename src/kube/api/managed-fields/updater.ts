import { statusUnclassified } from "../status-error.ts";
import { type Comparison, compareTyped } from "./compare-typed.ts";
import { ConflictsError, conflictsOf } from "./conflicts.ts";
import type { FieldFilter } from "./field-filter.ts";
import { difference, EMPTY_SET, type FieldSet, intersection, union } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import type { ManagerIdentifier } from "./managed-entry.ts";
import type { Managers, VersionedSet } from "./managers.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { mergeTyped } from "./merge-typed.ts";
import { prune } from "./prune.ts";
import { reconcileSet } from "./reconcile-schema.ts";
import { TypedError } from "./typed-errors.ts";
import { validateTyped } from "./validate-typed.ts";
import type { Versions } from "./versions.ts";

export interface UpdaterOptions {
  versions: Versions;
  /** API version of the request's objects. */
  apiVersion: string;
  /** What nobody can own, by API version. */
  filterFor: (apiVersion: string) => FieldFilter | undefined;
}

/** What happens where others own what changes: it is taken from them, or the request is refused. */
export type ConflictRule = "taken" | "refused";

/** What one request does to the owners of an object's fields (structured-merge-diff merge.Updater). */
export class Updater {
  private readonly options: UpdaterOptions;

  constructor(options: UpdaterOptions) {
    this.options = options;
  }

  /** After a create, update or patch: the manager owns what it changed, the others lose it. */
  update(live: unknown, next: unknown, managers: Managers, manager: ManagerIdentifier): void {
    this.reconcile(managers);
    const compared = this.transferFields(live, next, managers, manager, "taken");
    const before = managers.fields.get(manager)?.set ?? EMPTY_SET;
    const changed = union(compared.modified, compared.added);
    const set = this.filtered(union(difference(before, compared.removed), changed));
    const { apiVersion } = this.options;
    if (set.isEmpty) managers.fields.delete(manager);
    else managers.fields.set(manager, { set, apiVersion, isApplied: false });
  }

  /**
   * Lays a configuration over the live object; the manager owns what it says, and what it said last time and no longer
   * does goes where nobody else owns it. Returns the merged object: the very live one if nothing changed. Throws
   * ConflictsError where that would take fields from others and is `refused`.
   */
  apply(
    live: unknown,
    config: unknown,
    managers: Managers,
    manager: ManagerIdentifier,
    conflicts: ConflictRule,
  ): unknown {
    this.reconcile(managers);
    const { apiVersion } = this.options;
    const schema = this.schema(apiVersion);
    const last = managers.fields.get(manager);
    const set = this.filtered(fieldSetOf(config, schema));
    managers.fields.set(manager, { set, apiVersion, isApplied: true });
    const merged = prune({
      merged: mergeTyped(live, config, schema),
      managers: managers.fields,
      last,
      applied: { set, apiVersion },
      versions: this.options.versions,
    });
    this.transferFields(live, merged, managers, manager, conflicts);
    return merged;
  }

  private schema(apiVersion: string) {
    return this.options.versions.schemaAt(apiVersion)!;
  }

  private filtered(set: FieldSet): FieldSet {
    const filter = this.options.filterFor(this.options.apiVersion);
    return filter === undefined ? set : filter(set);
  }

  /** Managers at versions that are no longer known are forgotten. */
  private reconcile(managers: Managers): void {
    for (const [manager, fields] of managers.fields) {
      const schema = this.options.versions.schemaAt(fields.apiVersion);
      if (schema === undefined) managers.fields.delete(manager);
      else setOf(managers, manager, reconcileSet(fields.set, schema));
    }
  }

  /** Takes from the other managers what changed or went. Returns what changed in the request's version. */
  private transferFields(
    live: unknown,
    next: unknown,
    managers: Managers,
    manager: ManagerIdentifier,
    conflicts: ConflictRule,
  ): Comparison {
    const compared = new Map<string, Comparison>();
    const comparedAt = (version: string): Comparison => {
      const known = compared.get(version) ?? this.compareAt(version, live, next);
      compared.set(version, known);
      return known;
    };
    const own = comparedAt(this.options.apiVersion);
    const lost = new Map<ManagerIdentifier, FieldSet>();
    for (const [other, { set, apiVersion }] of managers.fields) {
      if (other === manager) continue;
      const { modified, added } = comparedAt(apiVersion);
      const conflict = intersection(set, union(modified, added));
      if (!conflict.isEmpty) lost.set(other, conflict);
    }
    if (conflicts === "refused" && lost.size > 0) throw new ConflictsError(conflictsOf(lost));
    for (const [other, { set, apiVersion }] of managers.fields) {
      if (other === manager) continue;
      const kept = difference(set, lost.get(other) ?? EMPTY_SET);
      setOf(managers, other, difference(kept, comparedAt(apiVersion).removed));
    }
    dropEmpty(managers);
    return own;
  }

  private compareAt(version: string, live: unknown, next: unknown): Comparison {
    const { versions, apiVersion } = this.options;
    const filter = this.options.filterFor(version);
    const [old, changed] = [live, next].map((one) => versions.convert(one, apiVersion, version));
    const compared = compareOrTell(old, changed, this.schema(version));
    if (filter === undefined) return compared;
    const { added, modified, removed } = compared;
    return { added: filter(added), modified: filter(modified), removed: filter(removed) };
  }
}

/** A list whose items lost their names while the object was pruned cannot be compared. */
function compareOrTell(old: unknown, changed: unknown, schema: MergeSchema): Comparison {
  try {
    return compareTyped(old, changed, schema);
  } catch (error) {
    if (error instanceof TypedError) for (const one of [old, changed]) tellMisfit(one, schema);
    throw error;
  }
}

function tellMisfit(object: unknown, schema: MergeSchema): void {
  try {
    validateTyped(object, schema, "stored");
  } catch (error) {
    throw statusUnclassified(`failed to compare objects: ${(error as Error).message}`, error);
  }
}

function setOf(managers: Managers, manager: ManagerIdentifier, set: FieldSet): void {
  const fields = managers.fields.get(manager)!;
  if (set !== fields.set) managers.fields.set(manager, { ...fields, set });
}

function dropEmpty({ fields }: { fields: Map<ManagerIdentifier, VersionedSet> }): void {
  for (const [manager, { set }] of fields) if (set.isEmpty) fields.delete(manager);
}
