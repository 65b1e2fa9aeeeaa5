import { ageColumn, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { forbidden, IMMUTABLE, invalid, notSupported, required } from "../field-error.ts";
import type { PriorityClass } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = "system-";
const POLICIES = ["PreemptLowerPriority", "Never"];

/** The classes that every cluster has (scheduling/v1 SystemPriorityClasses). */
export const SYSTEM_PRIORITY_CLASSES: readonly { name: string; value: number; description: string }[] = [
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
];

export const priorityClasses: KindDefinition<PriorityClass> = {
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  resource: "priorityclasses",
  singular: "priorityclass",
  shortNames: ["pc"],
  namespaced: false,
  model: "io.k8s.api.scheduling.v1.PriorityClass",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  defaults: (priorityClass) => {
    priorityClass.preemptionPolicy ??= "PreemptLowerPriority";
  },
  takesOldMetadata: true,
  // No change raises it again.
  prepareForCreate: ({ metadata }) => {
    metadata.generation = 1;
  },
  validate: (priorityClass, previous) => (previous === undefined ? validateNew(priorityClass) : []),
  validateUpdate,
  refusesDelete: (name) =>
    isOfSystem(name) ? "this is a system priority class and cannot be deleted" : undefined,
  columns: [
    nameColumn,
    integerColumn("Value", (one: PriorityClass) => one.value),
    { name: "Global-Default", type: "boolean", cell: (one: PriorityClass) => one.globalDefault ?? false },
    ageColumn,
    textColumn("PreemptionPolicy", (one: PriorityClass) => one.preemptionPolicy ?? ""),
  ],
};

const isOfSystem = (name: string) => SYSTEM_PRIORITY_CLASSES.some((one) => one.name === name);

function validateNew({
  metadata,
  value,
  globalDefault = false,
  preemptionPolicy,
}: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  const { name = "" } = metadata;
  if (name.startsWith(SYSTEM_PREFIX)) {
    const why = whyNotOfSystem(name, value, globalDefault);
    if (why !== undefined) {
      const reserved = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${why}`;
      errors.push(forbidden("metadata.name", reserved));
    }
  } else if (value > HIGHEST_USER_PRIORITY) {
    const why = `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`;
    errors.push(forbidden("value", why));
  }
  if (preemptionPolicy === "") errors.push(required("preemptionPolicy"));
  else if (preemptionPolicy !== undefined && !POLICIES.includes(preemptionPolicy))
    errors.push(notSupported("preemptionPolicy", preemptionPolicy, POLICIES));
  return errors;
}

function whyNotOfSystem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = SYSTEM_PRIORITY_CLASSES.find((one) => one.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateUpdate(next: PriorityClass, previous: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (next.value !== previous.value) errors.push(forbidden("value", "may not be changed in an update."));
  if (next.preemptionPolicy !== previous.preemptionPolicy)
    errors.push(invalid("preemptionPolicy", next.preemptionPolicy, IMMUTABLE));
  return errors;
}
