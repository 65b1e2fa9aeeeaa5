import type { ManagedFieldsEntry } from "../generated/types.ts";
import { goJson } from "../go-print.ts";

export type Operation = "Apply" | "Update";

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
