import { formatLabelSelector, jsonEquals, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import {
  forbidden,
  goLabelSelector,
  IMMUTABLE,
  invalid,
  nonNegative,
  notSupported,
  required,
} from "../field-error.ts";
import type {
  Deployment,
  DeploymentSpec,
  PodTemplateSpec,
  RollingUpdateDeployment,
} from "../generated/types.ts";
import { goIntOrString, goPointer, goStruct } from "../go-value.ts";
import { keepSpecAndLabels, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { collisionCountDecremented } from "./collision-count.ts";
import { amountOf, atMostAll, validateIntOrPercent } from "./int-or-percent.ts";
import { validateReplicaCounts } from "./replica-counts.ts";
import { sameSelector, validateSelectorAndTemplate } from "./selector-and-template.ts";
import { warningsOfController } from "./warnings.ts";

export const deployments: KindDefinition<Deployment> = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  resource: "deployments",
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.apps.v1.Deployment",
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
    labelSelector: (deployment) => labelSelectorFrom(deployment.spec.selector).toString(),
  },
  columns: [
    nameColumn,
    textColumn("Ready", (one: Deployment) => `${one.status?.readyReplicas ?? 0}/${one.spec.replicas ?? 0}`),
    textColumn("Up-to-date", (one: Deployment) => one.status?.updatedReplicas ?? 0),
    textColumn("Available", (one: Deployment) => one.status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns((one) => one.spec.template?.spec?.containers ?? []),
    textColumn("Selector", (one: Deployment) => formatLabelSelector(one.spec.selector), { wide: true }),
  ],
};

function defaults(deployment: Deployment): void {
  deployment.spec ??= {} as DeploymentSpec;
  const { spec } = deployment;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.strategy ??= {};
  spec.strategy.type ||= "RollingUpdate";
  if (spec.strategy.type === "RollingUpdate") {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
    spec.strategy.rollingUpdate.maxSurge ??= "25%";
  }
  spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(spec.template);
}

function validate({ spec }: Deployment): FieldError[] {
  const errors = [
    ...nonNegative("spec.replicas", spec.replicas),
    ...validateSelectorAndTemplate(spec, "empty selector is invalid for deployment"),
    ...validateStrategy(spec),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...nonNegative("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  }
  return errors;
}

function validateStrategy({ strategy }: DeploymentSpec): FieldError[] {
  const path = "spec.strategy";
  const { type = "", rollingUpdate } = strategy ?? {};
  switch (type) {
    case "Recreate":
      return rollingUpdate === undefined
        ? []
        : [forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
    case "RollingUpdate":
      return rollingUpdate === undefined
        ? [required(`${path}.rollingUpdate`, "this should be defaulted and never be nil")]
        : validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`);
    default:
      return [notSupported(path, goStrategy(type, rollingUpdate), ["Recreate", "RollingUpdate"])];
  }
}

function goStrategy(type: string, rollingUpdate: object | undefined) {
  const pointer = goPointer("apps.RollingUpdateDeployment", rollingUpdate);
  return goStruct("apps.DeploymentStrategy", { Type: type, RollingUpdate: pointer });
}

function validateRollingUpdate(rolling: RollingUpdateDeployment, path: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = rolling;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const why = "may not be 0 when `maxSurge` is 0";
    errors.push(invalid(`${path}.maxUnavailable`, goIntOrString(maxUnavailable), why));
  }
  return [...errors, ...atMostAll(maxUnavailable, `${path}.maxUnavailable`)];
}

const STATUS_COUNTS = [
  "observedGeneration",
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "terminatingReplicas",
  "collisionCount",
] as const;

function validateStatusUpdate(
  { status = {} }: Deployment,
  { status: before = {} }: Deployment,
): FieldError[] {
  return [
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status[field])),
    ...validateReplicaCounts(status, ["updatedReplicas", "readyReplicas", "availableReplicas"]),
    ...collisionCountDecremented(status, before),
  ];
}

function prepareForCreate(deployment: Deployment): void {
  deployment.status = {};
  dropDisabledTemplateFields(deployment.spec.template);
}

function prepareForUpdate(next: Deployment, previous: Deployment): void {
  keepStatus(next, previous);
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
  // Annotations are copied to the replica sets: their change is one of the deployment's, too.
  const isChanged =
    !jsonEquals(next.spec, previous.spec) ||
    !jsonEquals(next.metadata.annotations ?? {}, previous.metadata.annotations ?? {});
  if (isChanged) next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

function prepareForStatusUpdate(next: Deployment, previous: Deployment): void {
  keepSpecAndLabels(next, previous);
  if (previous.status?.terminatingReplicas === undefined) delete next.status?.terminatingReplicas;
}

function validateUpdate(next: Deployment, previous: Deployment): FieldError[] {
  if (sameSelector(next.spec.selector, previous.spec.selector)) return [];
  return [invalid("spec.selector", goLabelSelector(next.spec.selector), IMMUTABLE)];
}
