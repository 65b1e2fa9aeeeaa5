import { compareQuantities, isDns1123Label, isPathSegment, isQualifiedName } from "../../../formats/index.ts";
import { validateContainerResourceName } from "../core/pod/validate-resources.ts";
import { forbidden, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type {
  V2ContainerResourceMetricSource,
  V2CrossVersionObjectReference,
  V2ExternalMetricSource,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricTarget,
  V2ObjectMetricSource,
  V2PodsMetricSource,
  V2ResourceMetricSource,
} from "../generated/types.ts";
import { goQuantity } from "../go-value.ts";
import type { FieldError } from "../types.ts";

const TARGET_TYPES = ["Utilization", "Value", "AverageValue"];
const ONLY_ONE = "must populate the given metric source only";
const MISSING = "must populate information for the given metric source";

/** The source of each type; the first that is there is looked at, in this order. */
const SOURCES = {
  object: { type: "Object", validate: validateObject },
  external: { type: "External", validate: validateExternal },
  pods: { type: "Pods", validate: validatePods },
  resource: { type: "Resource", validate: validateResource },
  containerResource: { type: "ContainerResource", validate: validateContainerResource },
} as const;
type SourceName = keyof typeof SOURCES;
const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[];
const TYPES = Object.values(SOURCES)
  .map(({ type }) => type as string)
  .sort();

export function validateMetrics(metrics: readonly V2MetricSpec[], path: string): FieldError[] {
  return metrics.flatMap((metric, index) => validateMetric(metric, `${path}[${index}]`));
}

function validateMetric(metric: V2MetricSpec, path: string): FieldError[] {
  const { type } = metric;
  const unknown = TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, TYPES)];
  const present = SOURCE_NAMES.filter((name) => metric[name] !== undefined);
  const [first] = present;
  return [
    ...(type === "" ? [required(`${path}.type`, "must specify a metric source type")] : []),
    ...unknown,
    ...(first === undefined ? [] : validateSource(metric, first, `${path}.${first}`)),
    ...unknown,
    ...validatePresence(metric, present, path),
  ];
}

function validateSource(metric: V2MetricSpec, name: SourceName, path: string): FieldError[] {
  const validate = SOURCES[name].validate as (source: unknown, path: string) => FieldError[];
  return validate(metric[name], path);
}

/** The source of the type, and no other. */
function validatePresence(metric: V2MetricSpec, present: readonly SourceName[], path: string): FieldError[] {
  const expected = SOURCE_NAMES.find((name) => SOURCES[name].type === metric.type);
  const errors: FieldError[] = [];
  if (expected !== undefined && metric[expected] === undefined)
    errors.push(required(`${path}.${expected}`, MISSING));
  if (present.length === 1) return errors;
  return [
    ...errors,
    ...present.filter((name) => name !== expected).map((name) => forbidden(`${path}.${name}`, ONLY_ONE)),
  ];
}

/** What is scaled, or described by a metric (ValidateCrossVersionObjectReference). */
export function validateReference({ kind, name }: V2CrossVersionObjectReference, path: string): FieldError[] {
  return [
    ...(kind === "" ? [required(`${path}.kind`)] : invalidEach(`${path}.kind`, kind, isPathSegment(kind))),
    ...(name === "" ? [required(`${path}.name`)] : invalidEach(`${path}.name`, name, isPathSegment(name))),
  ];
}

function validateObject(
  { describedObject, metric, target }: V2ObjectMetricSource,
  path: string,
): FieldError[] {
  return [
    ...validateReference(describedObject, `${path}.describedObject`),
    ...validateIdentifier(metric, `${path}.metric`),
    ...validateTarget(target, `${path}.target`),
    ...(target.value === undefined && target.averageValue === undefined
      ? [required(`${path}.target.averageValue`, "must set either a target value or averageValue")]
      : []),
  ];
}

function validateExternal({ metric, target }: V2ExternalMetricSource, path: string): FieldError[] {
  const errors = [
    ...validateIdentifier(metric, `${path}.metric`),
    ...validateTarget(target, `${path}.target`),
  ];
  const [hasValue, hasAverage] = [target.value !== undefined, target.averageValue !== undefined];
  if (!hasValue && !hasAverage) {
    const why = "must set either a target value for metric or a per-pod target";
    errors.push(required(`${path}.target.averageValue`, why));
  }
  if (hasValue && hasAverage) {
    const why = "may not set both a target value for metric and a per-pod target";
    errors.push(forbidden(`${path}.target.value`, why));
  }
  return errors;
}

function validatePods({ metric, target }: V2PodsMetricSource, path: string): FieldError[] {
  return [
    ...validateIdentifier(metric, `${path}.metric`),
    ...validateTarget(target, `${path}.target`),
    ...(target.averageValue === undefined
      ? [required(`${path}.target.averageValue`, "must specify a positive target averageValue")]
      : []),
  ];
}

function validateResource({ name, target }: V2ResourceMetricSource, path: string): FieldError[] {
  return [
    ...(name === "" ? [required(`${path}.name`, "must specify a resource name")] : []),
    ...validateResourceTarget(target, `${path}.target`),
  ];
}

function validateContainerResource(source: V2ContainerResourceMetricSource, path: string): FieldError[] {
  const { name, container, target } = source;
  return [
    ...(name === ""
      ? [required(`${path}.name`, "must specify a resource name")]
      : validateResourceOfContainer(name, `${path}.name`)),
    ...(container === ""
      ? [required(`${path}.container`, "must specify a container")]
      : invalidEach(`${path}.container`, container, isDns1123Label(container))),
    ...validateResourceTarget(target, `${path}.target`),
  ];
}

/** As everywhere, but a malformed name is told as text. */
function validateResourceOfContainer(name: string, path: string): FieldError[] {
  const malformed = invalidEach(path, name, isQualifiedName(name));
  return [...malformed, ...validateContainerResourceName(name, path).slice(malformed.length)];
}

function validateResourceTarget(target: V2MetricTarget, path: string): FieldError[] {
  const errors = validateTarget(target, path);
  const [hasUtilization, hasValue] = [
    target.averageUtilization !== undefined,
    target.averageValue !== undefined,
  ];
  if (!hasUtilization && !hasValue) {
    const why = "must set either a target raw value or a target utilization";
    errors.push(required(`${path}.averageUtilization`, why));
  }
  if (hasUtilization && hasValue) {
    const why = "may not set both a target raw value and a target utilization";
    errors.push(forbidden(`${path}.averageValue`, why));
  }
  return errors;
}

function validateTarget(target: V2MetricTarget, path: string): FieldError[] {
  const { type, value, averageValue, averageUtilization } = target;
  const errors: FieldError[] = [];
  if (type === "") errors.push(required(`${path}.type`, "must specify a metric target type"));
  if (!TARGET_TYPES.includes(type))
    errors.push(invalid(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  errors.push(...validatePositive(value, `${path}.value`));
  errors.push(...validatePositive(averageValue, `${path}.averageValue`));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, "must be greater than 0"));
  return errors;
}

function validatePositive(quantity: string | undefined, path: string): FieldError[] {
  if (quantity === undefined || compareQuantities(quantity, "0") > 0) return [];
  return [invalid(path, goQuantity(quantity), "must be positive")];
}

function validateIdentifier({ name }: V2MetricIdentifier, path: string): FieldError[] {
  if (name === "") return [required(`${path}.name`, "must specify a metric name")];
  return invalidEach(`${path}.name`, name, isPathSegment(name));
}
