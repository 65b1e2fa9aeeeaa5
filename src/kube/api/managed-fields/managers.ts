import { compareUtf8 } from "../../../formats/index.ts";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { timeMs } from "../meta/time.ts";
import type { FieldSet } from "./field-set.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";
import { entryOfIdentifier, type ManagerIdentifier, managerIdentifier } from "./managed-entry.ts";

/** What a manager owns, in the paths of one API version. */
export interface VersionedSet {
  set: FieldSet;
  apiVersion: string;
  isApplied: boolean;
}

/** The managers of an object while a request changes them. */
export class Managers {
  readonly fields = new Map<ManagerIdentifier, VersionedSet>();
  /** Kept when a manager goes: it may come back. */
  readonly times = new Map<ManagerIdentifier, string | undefined>();
  /** Entries that stand for what they were read as, word for word. */
  private readonly read = new Map<ManagerIdentifier, { entry: ManagedFieldsEntry; fields: VersionedSet }>();

  /** Throws an Error with upstream's words for entries that are none. */
  static decode(entries: readonly ManagedFieldsEntry[] | null | undefined): Managers {
    const managers = new Managers();
    for (const [index, entry] of (entries ?? []).entries()) managers.add(entry, index);
    return managers;
  }

  /** A copy that may be changed on its own. */
  copy(): Managers {
    const copy = new Managers();
    for (const [identifier, fields] of this.fields) copy.fields.set(identifier, fields);
    for (const [identifier, time] of this.times) copy.times.set(identifier, time);
    for (const [identifier, read] of this.read) copy.read.set(identifier, read);
    return copy;
  }

  /** The entries in the order in which they are stored. */
  encode(): ManagedFieldsEntry[] {
    return [...this.fields.keys()].map((identifier) => this.entryOf(identifier)).sort(compareEntries);
  }

  private add(entry: ManagedFieldsEntry, index: number): void {
    checkEntry(entry, index);
    const identifier = managerIdentifier(entry);
    const { set, isCanonical } = decodeSet(entry);
    const fields = { set, apiVersion: entry.apiVersion!, isApplied: entry.operation === "Apply" };
    this.fields.set(identifier, fields);
    this.times.set(identifier, entry.time);
    if (isCanonical) this.read.set(identifier, { entry, fields });
    else this.read.delete(identifier);
  }

  private entryOf(identifier: ManagerIdentifier): ManagedFieldsEntry {
    const fields = this.fields.get(identifier)!;
    const time = this.times.get(identifier);
    const read = this.read.get(identifier);
    if (read !== undefined && isSame(read.fields, fields) && read.entry.time === time) return read.entry;
    const { manager, operation, subresource } = entryOfIdentifier(identifier);
    return {
      ...(manager === undefined ? {} : { manager }),
      operation: fields.isApplied ? "Apply" : (operation ?? "Update"),
      apiVersion: fields.apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: encodeFields(fields.set),
      ...(subresource === undefined ? {} : { subresource }),
    };
  }
}

function isSame(a: VersionedSet, b: VersionedSet): boolean {
  return a === b || (a.set === b.set && a.apiVersion === b.apiVersion && a.isApplied === b.isApplied);
}

function checkEntry({ operation, apiVersion, fieldsType }: ManagedFieldsEntry, index: number): void {
  if (operation !== "Apply" && operation !== "Update")
    throw new Error("operation must be `Apply` or `Update`");
  if (!apiVersion) throw new Error("apiVersion must not be empty");
  if (!fieldsType) throw new Error(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType === "FieldsV1") return;
  throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
}

function decodeSet(entry: ManagedFieldsEntry): ReturnType<typeof decodeFields> {
  try {
    return decodeFields(entry.fieldsV1);
  } catch (cause) {
    const why = `error decoding set: ${(cause as Error).message}`;
    throw new Error(`error decoding versioned set from ${JSON.stringify(entry)}: ${why}`, { cause });
  }
}

/** Appliers first; then by time, name, API version and subresource. */
function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareUtf8(a.operation!, b.operation!) ||
    seconds(a.time) - seconds(b.time) ||
    compareUtf8(a.manager ?? "", b.manager ?? "") ||
    compareUtf8(a.apiVersion!, b.apiVersion!) ||
    compareUtf8(a.subresource ?? "", b.subresource ?? "")
  );
}

/** Of an entry's time since the epoch; an entry without one is the oldest. */
export function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(timeMs(time) / 1000);
}
