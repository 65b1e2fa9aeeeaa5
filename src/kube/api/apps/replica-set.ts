import { formatLabelSelector, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { goLabelSelector, IMMUTABLE, invalid, nonNegative } from "../field-error.ts";
import type { PodTemplateSpec, ReplicaSet } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { sameSelector, validateSelectorAndTemplate } from "./selector-and-template.ts";

export const replicaSets: KindDefinition<ReplicaSet> = {
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  resource: "replicasets",
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.apps.v1.ReplicaSet",
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate: (set) => {
    set.status = { replicas: 0 };
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpec,
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    labelSelector: (set) => labelSelectorFrom(set.spec.selector).toString(),
  },
  selectableFields: (set) => ({ "status.replicas": String(set.status?.replicas ?? 0) }),
  columns: [
    nameColumn,
    integerColumn("Desired", (set: ReplicaSet) => set.spec.replicas ?? 0),
    integerColumn("Current", (set: ReplicaSet) => set.status?.replicas ?? 0),
    integerColumn("Ready", (set: ReplicaSet) => set.status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns((set) => set.spec.template?.spec?.containers ?? []),
    textColumn("Selector", (set: ReplicaSet) => formatLabelSelector(set.spec.selector), { wide: true }),
  ],
};

function defaults(set: ReplicaSet): void {
  set.spec ??= {} as ReplicaSet["spec"];
  set.spec.replicas ??= 1;
  set.spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(set.spec.template);
}

function validate({ spec }: ReplicaSet): FieldError[] {
  return [
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...validateSelectorAndTemplate(spec, "empty selector is invalid for deployment"),
  ];
}

function validateUpdate(next: ReplicaSet, previous: ReplicaSet): FieldError[] {
  if (sameSelector(next.spec.selector, previous.spec.selector)) return [];
  return [invalid("spec.selector", goLabelSelector(next.spec.selector), IMMUTABLE)];
}

function validateStatusUpdate({ status }: ReplicaSet): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
  ] as const) {
    errors.push(...nonNegative(`status.${field}`, status?.[field]));
  }
  const all = status?.replicas ?? 0;
  for (const field of ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const) {
    const count = status?.[field] ?? 0;
    if (count > all) errors.push(invalid(`status.${field}`, count, "cannot be greater than status.replicas"));
  }
  if ((status?.availableReplicas ?? 0) > (status?.readyReplicas ?? 0)) {
    errors.push(
      invalid("status.availableReplicas", status?.availableReplicas, "cannot be greater than readyReplicas"),
    );
  }
  return errors;
}
