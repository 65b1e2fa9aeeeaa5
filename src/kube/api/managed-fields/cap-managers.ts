import { compareUtf8 } from "../../../formats/index.ts";
import { union } from "./field-set.ts";
import { type ManagerIdentifier, managerIdentifier } from "./managed-entry.ts";
import { type Managers, seconds } from "./managers.ts";

const MAX_UPDATERS = 10;
const BUCKET = "ancient-changes";

/** Keeps so many updaters and no more: the oldest of one API version become one manager together. */
export function capUpdaters(managers: Managers): void {
  const updaters = [...managers.fields.keys()].filter((one) => !managers.fields.get(one)!.isApplied);
  if (updaters.length <= MAX_UPDATERS) return;
  const age = (manager: ManagerIdentifier) => seconds(managers.times.get(manager));
  updaters.sort((a, b) => age(a) - age(b) || compareUtf8(a, b));
  const firstOf = new Map<string, ManagerIdentifier>();
  let count = updaters.length;
  for (const manager of updaters) {
    if (count <= MAX_UPDATERS) return;
    const { apiVersion } = managers.fields.get(manager)!;
    const first = firstOf.get(apiVersion);
    // The oldest of a version stays by itself until a second one joins it.
    if (first === undefined) firstOf.set(apiVersion, manager);
    else {
      joinBucket(managers, first, manager);
      count--;
    }
  }
}

function joinBucket({ fields, times }: Managers, first: ManagerIdentifier, manager: ManagerIdentifier): void {
  const joining = fields.get(manager)!;
  const { apiVersion } = joining;
  const bucket = managerIdentifier({ manager: BUCKET, operation: "Update", apiVersion });
  if (!fields.has(bucket)) {
    fields.set(bucket, fields.get(first)!);
    fields.delete(first);
  }
  fields.set(bucket, { ...joining, set: union(joining.set, fields.get(bucket)!.set) });
  fields.delete(manager);
  times.set(bucket, times.get(manager));
}
