import { formatLabelSelector, formatLabels, jsonEquals, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import { validateTemplateOfReplicas } from "../core/pod/validate.ts";
import { warningsOfTemplate } from "../core/pod/warnings.ts";
import { goLabelSelector, IMMUTABLE, invalid, nonNegative, notSupported, required } from "../field-error.ts";
import type {
  DaemonSet,
  DaemonSetSpec,
  PodTemplateSpec,
  RollingUpdateDaemonSet,
} from "../generated/types.ts";
import { goIntOrString, goPointer, goStruct } from "../go-value.ts";
import { isEmptySelector, validateLabelSelector } from "../meta/label-selector.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { collisionCountDecremented } from "./collision-count.ts";
import { amountOf, atMostAll, validateIntOrPercent } from "./int-or-percent.ts";
import { mismatch, sameSelector } from "./selector-and-template.ts";
import { setTemplateGeneration, TEMPLATE_GENERATION, templateGeneration } from "./template-generation.ts";

export const daemonSets: KindDefinition<DaemonSet> = {
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  singular: "daemonset",
  shortNames: ["ds"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.apps.v1.DaemonSet",
  annotationsOfFields: [TEMPLATE_GENERATION],
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate,
  validateStatusUpdate,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  columns: [
    nameColumn,
    integerColumn("Desired", (set: DaemonSet) => set.status?.desiredNumberScheduled ?? 0),
    integerColumn("Current", (set: DaemonSet) => set.status?.currentNumberScheduled ?? 0),
    integerColumn("Ready", (set: DaemonSet) => set.status?.numberReady ?? 0),
    integerColumn("Up-to-date", (set: DaemonSet) => set.status?.updatedNumberScheduled ?? 0),
    integerColumn("Available", (set: DaemonSet) => set.status?.numberAvailable ?? 0),
    textColumn("Node Selector", (set: DaemonSet) => formatLabels(set.spec.template.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns((set) => set.spec.template?.spec?.containers ?? []),
    textColumn("Selector", (set: DaemonSet) => formatLabelSelector(set.spec.selector), { wide: true }),
  ],
};

function defaults(set: DaemonSet): void {
  set.spec ??= {} as DaemonSetSpec;
  const { spec } = set;
  spec.revisionHistoryLimit ??= 10;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(spec.template);
}

/** `ValidateDaemonSetSpec`. */
function validateSpec(spec: DaemonSetSpec): FieldError[] {
  const { selector, template } = spec;
  const path = "spec.selector";
  const errors = validateLabelSelector(selector, path);
  if (errors.length === 0 && !labelSelectorFrom(selector).matches(template.metadata?.labels ?? {}))
    errors.push(mismatch(template));
  if (selector !== undefined && isEmptySelector(selector))
    errors.push(invalid(path, goLabelSelector(selector), "empty selector is invalid for daemonset"));
  return [
    ...errors,
    ...validateTemplateOfReplicas(template, "spec.template", "DaemonSet"),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...validateStrategy(spec),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
  ];
}

function validateStrategy({ updateStrategy = {} }: DaemonSetSpec): FieldError[] {
  const path = "spec.updateStrategy";
  const { type = "", rollingUpdate } = updateStrategy;
  switch (type) {
    case "OnDelete":
      return [];
    case "RollingUpdate":
      return rollingUpdate === undefined
        ? [required(`${path}.rollingUpdate`)]
        : validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`);
    default: {
      const pointer = goPointer("apps.RollingUpdateDaemonSet", rollingUpdate);
      const shown = goStruct("apps.DaemonSetUpdateStrategy", { Type: type, RollingUpdate: pointer });
      return [notSupported(path, shown, ["RollingUpdate", "OnDelete"])];
    }
  }
}

function validateRollingUpdate(rolling: RollingUpdateDaemonSet, path: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = rolling;
  const [ofUnavailable, ofSurge] = [`${path}.maxUnavailable`, `${path}.maxSurge`];
  const errors = [
    ...validateIntOrPercent(maxUnavailable, ofUnavailable),
    ...validateIntOrPercent(maxSurge, ofSurge),
    ...atMostAll(maxUnavailable, ofUnavailable),
    ...atMostAll(maxSurge, ofSurge),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge)
    errors.push(invalid(ofSurge, goIntOrString(maxSurge), "may not be set when maxUnavailable is non-zero"));
  if (!hasUnavailable && !hasSurge) errors.push(required(ofUnavailable, "cannot be 0 when maxSurge is 0"));
  return errors;
}

/** Upstream looks at the spec once for any object and once for an update. */
function validateUpdate(next: DaemonSet, previous: DaemonSet): FieldError[] {
  const errors = validateSpec(next.spec);
  if (sameSelector(next.spec.selector, previous.spec.selector)) return errors;
  const { selector } = next.spec as Partial<DaemonSetSpec>;
  return [...errors, invalid("spec.selector", selector && goLabelSelector(selector), IMMUTABLE)];
}

const STATUS_COUNTS = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
] as const;

function validateStatusUpdate({ status }: DaemonSet, { status: before }: DaemonSet): FieldError[] {
  return [
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status?.[field])),
    ...collisionCountDecremented(status, before),
  ];
}

/** An update only where it changed the pods. */
function warnings({ spec }: DaemonSet, previous?: DaemonSet): string[] {
  if (previous && jsonEquals(spec.template, previous.spec.template)) return [];
  return warningsOfTemplate(spec.template, "spec.template");
}

function prepareForCreate(set: DaemonSet): void {
  set.status = {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  };
  setTemplateGeneration(set, Math.max(1, templateGeneration(set)));
  dropDisabledTemplateFields(set.spec.template);
}

function prepareForUpdate(next: DaemonSet, previous: DaemonSet): void {
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
  keepStatus(next, previous);
  const before = templateGeneration(previous);
  const isSame = jsonEquals(next.spec.template, previous.spec.template);
  setTemplateGeneration(next, isSame ? before : before + 1);
}

function prepareForStatusUpdate(next: DaemonSet, previous: DaemonSet): void {
  keepSpec(next, previous);
  setTemplateGeneration(next, templateGeneration(previous));
}
