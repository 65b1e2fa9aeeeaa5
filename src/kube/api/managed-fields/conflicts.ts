import { compareUtf8 } from "../../../formats/index.ts";
import { failureStatus, StatusError } from "../status-error.ts";
import type { FieldSet } from "./field-set.ts";
import { entryOfIdentifier, type ManagerIdentifier } from "./managed-entry.ts";
import { type Path, printPath } from "./path-element.ts";

/** A field that would change, and a manager that owns it. */
export interface Conflict {
  manager: ManagerIdentifier;
  path: Path;
}

/** An apply that is not forced would take fields from others. */
export class ConflictsError extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super(conflictsMessage(conflicts));
    this.name = "ConflictsError";
    this.conflicts = conflicts;
  }
}

/** By manager in the order of their identifiers, then by path. */
export function conflictsOf(sets: ReadonlyMap<ManagerIdentifier, FieldSet>): Conflict[] {
  const managers = [...sets].sort(([a], [b]) => compareUtf8(a, b));
  return managers.flatMap(([manager, set]) => [...set.paths()].map((path) => ({ manager, path })));
}

/** What the client is told: 409 with a cause for each field (NewApplyConflict). */
export function statusApplyConflict({ conflicts, message }: ConflictsError): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printManager(manager)}`,
    field: printPath(path),
  }));
  return new StatusError(failureStatus(409, "Conflict", message, { causes }));
}

function conflictsMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1) {
    const place = printPath(first!.path);
    return `Apply failed with 1 conflict: conflict with ${printManager(first!.manager)}: ${place}`;
  }
  const byManager = Map.groupBy(conflicts, (conflict) => conflict.manager);
  const lines = [...byManager].flatMap(([manager, own]) => [
    `conflicts with ${printManager(manager)}:`,
    ...own.map(({ path }) => `- ${printPath(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

/** `"m"`, `"m" using apps/v1`, `"m" with subresource "scale" using apps/v1`. */
function printManager(identifier: ManagerIdentifier): string {
  const { manager = "", subresource, operation, apiVersion = "" } = entryOfIdentifier(identifier);
  const name = JSON.stringify(manager);
  const place = subresource ? `${name} with subresource ${JSON.stringify(subresource)}` : name;
  return operation === "Update" ? `${place} using ${apiVersion}` : place;
}
