import { formatLabels, labelSelectorFromSet } from "../../../formats/index.ts";
import { validateReplicaCounts } from "../apps/replica-counts.ts";
import { mismatch } from "../apps/selector-and-template.ts";
import { warningsOfName } from "../apps/warnings.ts";
import { ageColumn, containerColumns, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { nonNegative, required } from "../field-error.ts";
import type { ReplicationController, ReplicationControllerSpec } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { setPodTemplateDefaults } from "./pod/defaults.ts";
import { dropDisabledTemplateFields } from "./pod/disabled-fields.ts";
import { validateTemplateOfReplicas } from "./pod/validate.ts";
import { warningsOfTemplate } from "./pod/warnings.ts";

export const replicationControllers: KindDefinition<ReplicationController> = {
  group: "",
  version: "v1",
  kind: "ReplicationController",
  resource: "replicationcontrollers",
  singular: "replicationcontroller",
  shortNames: ["rc"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.core.v1.ReplicationController",
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  orphansByDefault: true,
  defaults,
  validate: ({ spec }) => validateSpec(spec),
  // Upstream looks at the spec once for any controller and once for an update.
  validateUpdate: ({ spec }) => validateSpec(spec),
  validateStatusUpdate,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  selectableFields: ({ status }) => ({ "status.replicas": String(status?.replicas ?? 0) }),
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    labelSelector: ({ spec }) => labelSelectorFromSet(spec.selector).toString(),
  },
  columns: [
    nameColumn,
    integerColumn("Desired", ({ spec }: ReplicationController) => spec.replicas ?? 0),
    integerColumn("Current", ({ status }: ReplicationController) => status?.replicas ?? 0),
    integerColumn("Ready", ({ status }: ReplicationController) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec.template?.spec?.containers ?? []),
    textColumn("Selector", ({ spec }: ReplicationController) => formatLabels(spec.selector), { wide: true }),
  ],
};

function defaults(controller: ReplicationController): void {
  controller.spec ??= {};
  const { spec, metadata } = controller;
  spec.replicas ??= 1;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
  }
  if (spec.template) setPodTemplateDefaults(spec.template);
}

const isEmpty = (map: Record<string, string> | undefined) => Object.keys(map ?? {}).length === 0;

function validateSpec({
  minReadySeconds,
  selector,
  replicas,
  template,
}: ReplicationControllerSpec): FieldError[] {
  const errors = nonNegative("spec.minReadySeconds", minReadySeconds);
  if (isEmpty(selector)) errors.push(required("spec.selector"));
  errors.push(...nonNegative("spec.replicas", replicas));
  if (template === undefined) return [...errors, required("spec.template")];
  if (!labelSelectorFromSet(selector).matches(template.metadata?.labels ?? {}))
    errors.push(mismatch(template));
  return [...errors, ...validateTemplateOfReplicas(template, "spec.template", "ReplicationController")];
}

const STATUS_COUNTS = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "observedGeneration",
] as const;

function validateStatusUpdate({ status }: ReplicationController): FieldError[] {
  if (status === undefined) return [];
  return [
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status[field])),
    ...validateReplicaCounts(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"]),
  ];
}

function warnings({ metadata, spec }: ReplicationController, previous?: ReplicationController): string[] {
  if (previous === undefined)
    return [...warningsOfName(metadata.name), ...warningsOfTemplate(spec.template, "spec.template")];
  if (previous.metadata.generation === metadata.generation) return [];
  // Upstream takes the two templates of an update for each other.
  return warningsOfTemplate(previous.spec.template, "spec.template");
}

function prepareForCreate(controller: ReplicationController): void {
  controller.status = { replicas: 0 };
  dropDisabledTemplateFields(controller.spec.template);
}

function prepareForUpdate(next: ReplicationController, previous: ReplicationController): void {
  keepStatus(next, previous);
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
}
