import { KnownTexts } from "../../../base/index.ts";
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
  const version = operation === "Apply" ? "" : apiVersion;
  const texts: string[] = [];
  if (manager) texts.push(`"manager":${goJson(manager)}`);
  if (operation) texts.push(`"operation":${goJson(operation)}`);
  if (version) texts.push(`"apiVersion":${goJson(version)}`);
  if (subresource) texts.push(`"subresource":${goJson(subresource)}`);
  return `{${texts.join(",")}}`;
}

/** A cluster has few managers. */
const entries = new KnownTexts<Readonly<ManagedFieldsEntry>>({ maxTexts: 1000, maxCharacters: 256 * 1024 });

export const entryOfIdentifier = (identifier: ManagerIdentifier): Readonly<ManagedFieldsEntry> =>
  entries.get(identifier) ?? entries.keep(identifier, Object.freeze(JSON.parse(identifier)));
