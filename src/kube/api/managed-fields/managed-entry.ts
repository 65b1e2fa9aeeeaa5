import { goJson } from "../go-print.ts";
import type { FieldsV1 } from "./fields-v1.ts";

export type Operation = "Apply" | "Update";

/** One item of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: Operation;
  apiVersion?: string;
  /** RFC 3339, UTC, seconds. */
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldsV1;
  subresource?: string;
}

/**
 * What tells managers of an object apart, as text: JSON of name, operation, API version (of updaters only: an applier is
 * the same in all versions) and subresource. Conflicts and the cap go by the order of these texts.
 */
export type ManagerIdentifier = string;

export function managerIdentifier(entry: ManagedFieldsEntry): ManagerIdentifier {
  const { manager, operation, apiVersion, subresource } = entry;
  const members = { manager, operation, apiVersion: operation === "Apply" ? "" : apiVersion, subresource };
  const texts = Object.entries(members)
    .filter(([, value]) => value)
    .map(([name, value]) => `"${name}":${goJson(value)}`);
  return `{${texts.join(",")}}`;
}

export function entryOfIdentifier(identifier: ManagerIdentifier): ManagedFieldsEntry {
  return JSON.parse(identifier) as ManagedFieldsEntry;
}
