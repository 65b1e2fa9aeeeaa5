import { jsonEquals } from "../../../formats/index.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from "../generated/types.ts";
import { type Condition, findCondition } from "./conditions.ts";

/** What the names of a definition come to, beside those that the others of its group have. */
export interface NamesDecision {
  acceptedNames: CustomResourceDefinitionNames;
  conditions: [namesAccepted: Condition, established: Condition];
}

/** Whether a definition's names are still to be decided on. */
export function hasUndecidedNames({ spec, status }: CustomResourceDefinition): boolean {
  const { shortNames, categories, ...accepted } = status?.acceptedNames ?? { plural: "", kind: "" };
  return !jsonEquals(compact(spec.names), compact({ ...accepted, shortNames, categories }));
}

/** Nothing, an empty text and an empty list are the same. */
function compact(names: CustomResourceDefinitionNames): object {
  return Object.fromEntries(Object.entries(names).filter(([, value]) => (value?.length ?? 0) > 0));
}

/**
 * Which names a definition gets: those that no other of its group has, and for the rest what it had (apiextensions-apiserver
 * controller/status NamingConditionController). `others` are all definitions, itself among them; those of other groups do not count.
 */
export function decideNames(
  definition: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
): NamesDecision {
  const taken = takenNames(definition, others);
  const wanted = definition.spec.names;
  const had: CustomResourceDefinitionNames = definition.status?.acceptedNames ?? { plural: "", kind: "" };
  const accepted: CustomResourceDefinitionNames = { ...had };
  let conflict: Pick<Condition, "reason" | "message"> | undefined;
  const decide = (
    field: "plural" | "singular" | "kind" | "listKind",
    used: ReadonlySet<string>,
    reason: string,
  ) => {
    const name = wanted[field] ?? "";
    const isFree = name === (had[field] ?? "") || !used.has(name);
    if (isFree) accepted[field] = name;
    else conflict = { reason, message: inUse(name) };
  };
  decide("plural", taken.resources, "PluralConflict");
  decide("singular", taken.resources, "SingularConflict");
  const clashes = (wanted.shortNames ?? []).filter(
    (name) => !had.shortNames?.includes(name) && taken.resources.has(name),
  );
  if (clashes.length > 0) conflict = { reason: "ShortNamesConflict", message: aggregate(clashes.map(inUse)) };
  else replace(accepted, "shortNames", wanted.shortNames);
  decide("kind", taken.kinds, "KindConflict");
  decide("listKind", taken.kinds, "ListKindConflict");
  replace(accepted, "categories", wanted.categories);
  const namesAccepted = namesCondition(conflict);
  return {
    acceptedNames: accepted,
    conditions: [namesAccepted, establishedCondition(definition, namesAccepted)],
  };
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;

function aggregate(messages: readonly string[]): string {
  const texts = [...new Set(messages)];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

function replace(
  names: CustomResourceDefinitionNames,
  field: "shortNames" | "categories",
  list: string[] | undefined,
): void {
  if (list === undefined) delete names[field];
  else names[field] = list;
}

/** A name of its own is taken for another of its names, too. */
function takenNames({ spec }: CustomResourceDefinition, others: Iterable<CustomResourceDefinition>) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.spec.group !== spec.group) continue;
    const names = other.status?.acceptedNames;
    for (const name of [names?.plural, names?.singular, ...(names?.shortNames ?? [])])
      resources.add(name ?? "");
    for (const name of [names?.kind, names?.listKind]) kinds.add(name ?? "");
  }
  return { resources, kinds };
}

function namesCondition(conflict: Pick<Condition, "reason" | "message"> | undefined): Condition {
  if (conflict !== undefined) return { type: "NamesAccepted", status: "False", ...conflict };
  return { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" };
}

const NOT_ACCEPTED: Condition = {
  type: "Established",
  status: "False",
  reason: "NotAccepted",
  message: "not all names are accepted",
};
const INSTALLING: Condition = {
  type: "Established",
  status: "False",
  reason: "Installing",
  message: "the initial names have been accepted",
};

/** Once established, a definition stays so; before, it waits until it is served. */
function establishedCondition(definition: CustomResourceDefinition, names: Condition): Condition {
  const known = findCondition(definition, "Established");
  if (known?.status !== "True" && names.status === "True") return INSTALLING;
  if (known === undefined) return NOT_ACCEPTED;
  const { status, reason, message } = known;
  return { type: "Established", status, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}
