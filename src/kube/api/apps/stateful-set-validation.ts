import { isDns1123Label, labelSelectorFrom } from "../../../formats/index.ts";
import { validateEndless } from "../core/pod/validate.ts";
import { validatePodAnnotations } from "../core/pod/validate-annotations.ts";
import {
  goLabelSelector,
  invalid,
  invalidEach,
  nonNegative,
  notSupported,
  required,
} from "../field-error.ts";
import type {
  PodSpec,
  PodTemplateSpec,
  RollingUpdateStatefulSetStrategy,
  StatefulSet,
  StatefulSetSpec,
} from "../generated/types.ts";
import { goIntOrString, goPointer, goStruct } from "../go-value.ts";
import { isEmptySelector, validateLabelSelector } from "../meta/label-selector.ts";
import { validateAnnotations, validateLabels } from "../meta/object-meta.ts";
import type { FieldError } from "../types.ts";
import { amountOf, atMostAll, validateIntOrPercent } from "./int-or-percent.ts";
import { mismatch } from "./selector-and-template.ts";

/** `ValidateStatefulSetSpec`. */
export function validateStatefulSet({ metadata, spec }: StatefulSet): FieldError[] {
  return [
    ...validateManagement(spec.podManagementPolicy),
    ...validateStrategy(spec, "spec.updateStrategy"),
    ...validateRetention(spec, "spec.persistentVolumeClaimRetentionPolicy"),
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...nonNegative("spec.ordinals.start", spec.ordinals?.start),
    // It cannot change: an update is not asked for it.
    ...(metadata.resourceVersion ? [] : validateServiceName(spec.serviceName)),
    ...validateSelector(spec),
    ...validateEndless(spec.template, "spec.template", "StatefulSet"),
  ];
}

function validateManagement(policy: string | undefined): FieldError[] {
  const path = "spec.podManagementPolicy";
  if (!policy) return [required(path)];
  if (policy === "OrderedReady" || policy === "Parallel") return [];
  return [invalid(path, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateStrategy({ updateStrategy = {} }: StatefulSetSpec, path: string): FieldError[] {
  const { type = "", rollingUpdate } = updateStrategy;
  switch (type) {
    case "":
      return [required(path)];
    case "OnDelete":
      return rollingUpdate === undefined
        ? []
        : [
            invalid(
              `${path}.rollingUpdate`,
              goRollingUpdate(rollingUpdate),
              "only allowed for updateStrategy 'RollingUpdate'",
            ),
          ];
    case "RollingUpdate":
      return rollingUpdate === undefined ? [] : validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`);
    default: {
      const pointer = goPointer("apps.RollingUpdateStatefulSetStrategy", rollingUpdate);
      const shown = goStruct("apps.StatefulSetUpdateStrategy", { Type: type, RollingUpdate: pointer });
      return [invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

function goRollingUpdate({ partition = 0, maxUnavailable }: RollingUpdateStatefulSetStrategy) {
  return goStruct("apps.RollingUpdateStatefulSetStrategy", {
    Partition: partition,
    MaxUnavailable: goPointer("intstr.IntOrString", maxUnavailable),
  });
}

function validateRollingUpdate(rolling: RollingUpdateStatefulSetStrategy, path: string): FieldError[] {
  const { partition, maxUnavailable } = rolling;
  const errors = nonNegative(`${path}.partition`, partition);
  if (maxUnavailable === undefined) return errors;
  const at = `${path}.maxUnavailable`;
  errors.push(...validateIntOrPercent(maxUnavailable, at));
  if (amountOf(maxUnavailable) === 0) errors.push(invalid(at, goIntOrString(maxUnavailable), "cannot be 0"));
  return [...errors, ...atMostAll(maxUnavailable, at)];
}

const RETENTION_POLICIES = ["Retain", "Delete"];

function validateRetention(spec: StatefulSetSpec, path: string): FieldError[] {
  const policy = spec.persistentVolumeClaimRetentionPolicy;
  if (policy === undefined) return [];
  return (["whenDeleted", "whenScaled"] as const).flatMap((field) => {
    const value = policy[field] ?? "";
    if (RETENTION_POLICIES.includes(value)) return [];
    return [notSupported(`${path}.${field}`, value, RETENTION_POLICIES)];
  });
}

function validateServiceName(name: string | undefined): FieldError[] {
  return name ? invalidEach("spec.serviceName", name, isDns1123Label(name)) : [];
}

function validateSelector({ selector, template }: Partial<StatefulSetSpec>): FieldError[] {
  const path = "spec.selector";
  const errors = selector === undefined ? [required(path)] : validateLabelSelector(selector, path);
  if (selector !== undefined && errors.length > 0)
    return [...errors, invalid(path, goLabelSelector(selector), "")];
  if (selector !== undefined && isEmptySelector(selector))
    errors.push(invalid(path, goLabelSelector(selector), "empty selector is invalid for statefulset"));
  const isMatch = labelSelectorFrom(selector).matches(template?.metadata?.labels ?? {});
  return [...errors, ...(isMatch ? [] : [mismatch(template!)]), ...validateTemplate(template!)];
}

/** Of the template only the metadata is checked: its volumes may be claims that the set makes. */
function validateTemplate({ metadata, spec }: PodTemplateSpec): FieldError[] {
  const path = "spec.template";
  return [
    ...validateLabels(metadata?.labels, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
    ...validatePodAnnotations(metadata?.annotations, spec ?? ({} as PodSpec), `${path}.annotations`),
  ];
}
