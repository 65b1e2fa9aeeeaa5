import { formatLabelSelector, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import { goLabelSelector, IMMUTABLE, invalid, nonNegative } from "../field-error.ts";
import type { PodTemplateSpec, ReplicaSet } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateReplicaCounts } from "./replica-counts.ts";
import { sameSelector, validateSelectorAndTemplate } from "./selector-and-template.ts";
import { warningsOfController } from "./warnings.ts";

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
  warnings: warningsOfController,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    labelSelector: (set) => labelSelectorFrom(set.spec.selector).toString(),
  },
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

const STATUS_COUNTS = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "observedGeneration",
  "terminatingReplicas",
] as const;

function validateStatusUpdate({ status }: ReplicaSet): FieldError[] {
  if (status === undefined) return [];
  return [
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status[field])),
    ...validateReplicaCounts(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"]),
  ];
}

function prepareForCreate(set: ReplicaSet): void {
  set.status = { replicas: 0 };
  dropDisabledTemplateFields(set.spec.template);
}

function prepareForUpdate(next: ReplicaSet, previous: ReplicaSet): void {
  keepStatus(next, previous);
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
}

function prepareForStatusUpdate(next: ReplicaSet, previous: ReplicaSet): void {
  keepSpec(next, previous);
  if (previous.status?.terminatingReplicas === undefined) delete next.status?.terminatingReplicas;
}
