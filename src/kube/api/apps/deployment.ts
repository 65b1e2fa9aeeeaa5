import { formatLabelSelector, isPercent, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import {
  forbidden,
  goLabelSelector,
  IMMUTABLE,
  invalid,
  invalidEach,
  nonNegative,
  oneOf,
  required,
} from "../field-error.ts";
import type {
  Deployment,
  DeploymentSpec,
  IntOrString,
  PodTemplateSpec,
  RollingUpdateDeployment,
} from "../generated/types.ts";
import { keepSpecAndLabels, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { sameSelector, validateSelectorAndTemplate } from "./selector-and-template.ts";

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
  prepareForCreate: (deployment) => {
    deployment.status = {};
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpecAndLabels,
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
  const errors = oneOf(`${path}.type`, strategy?.type, ["Recreate", "RollingUpdate"]);
  const { rollingUpdate } = strategy ?? {};
  if (strategy?.type === "Recreate" && rollingUpdate !== undefined) {
    errors.push(
      forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'"),
    );
  }
  if (strategy?.type !== "RollingUpdate") return errors;
  if (rollingUpdate === undefined) {
    return [...errors, required(`${path}.rollingUpdate`, "this should be defaulted and never be nil")];
  }
  return [...errors, ...validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`)];
}

function validateRollingUpdate(rolling: RollingUpdateDeployment, path: string): FieldError[] {
  const { maxUnavailable = 0, maxSurge = 0 } = rolling;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  if (typeof maxUnavailable === "string" && Number.parseInt(maxUnavailable, 10) > 100) {
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, "must not be greater than 100%"));
  }
  return errors;
}

const isZero = (value: IntOrString): boolean =>
  (typeof value === "number" ? value : Number.parseInt(value, 10)) === 0;

export function validateIntOrPercent(value: IntOrString, path: string): FieldError[] {
  return typeof value === "string" ? invalidEach(path, value, isPercent(value)) : nonNegative(path, value);
}

function validateUpdate(next: Deployment, previous: Deployment): FieldError[] {
  if (sameSelector(next.spec.selector, previous.spec.selector)) return [];
  return [invalid("spec.selector", goLabelSelector(next.spec.selector), IMMUTABLE)];
}
