import { compareQuantities, isQualifiedName } from "../../../../formats/index.ts";
import { duplicate, forbidden, invalid, invalidEach, required } from "../../field-error.ts";
import type { LimitRangeItem } from "../../generated/types.ts";
import { goQuantity } from "../../go-value.ts";
import type { FieldError } from "../../types.ts";
import {
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
} from "../pod/validate-resources.ts";
import { maxLimitRatio } from "./max-limit-ratio.ts";

const TYPES = ["Container", "PersistentVolumeClaim", "Pod"];

/** `ValidateLimitRange`: each type once, and amounts that agree with each other. */
export function validateLimits(limits: readonly LimitRangeItem[], path: string): FieldError[] {
  const types = new Set<string>();
  return limits.flatMap((limit, index) => {
    const at = `${path}[${index}]`;
    const errors = validateType(limit.type, `${at}.type`);
    if (types.has(limit.type)) errors.push(duplicate(`${at}.type`, limit.type));
    types.add(limit.type);
    return [...errors, ...validateLists(limit, at), ...validateAmounts(limit, at)];
  });
}

function validateType(type: string, path: string): FieldError[] {
  const errors = invalidEach(path, type, isQualifiedName(type));
  if (errors.length > 0 || type.includes("/") || TYPES.includes(type)) return errors;
  return [invalid(path, type, "must be a standard limit type or fully qualified")];
}

/** The names in each list, and which lists there may be. */
function validateLists(limit: LimitRangeItem, path: string): FieldError[] {
  const { type, max, min } = limit;
  const rule = type === "Pod" || type === "Container" ? validateContainerResourceName : validateResourceName;
  const names = (
    list: keyof LimitRangeItem & ("max" | "min" | "default" | "defaultRequest" | "maxLimitRequestRatio"),
  ) => Object.keys(limit[list] ?? {}).flatMap((name) => rule(name, `${path}.${list}[${name}]`));
  const errors = [...names("max"), ...names("min")];
  for (const list of ["default", "defaultRequest"] as const) {
    if (type !== "Pod") errors.push(...names(list));
    else if (Object.keys(limit[list] ?? {}).length > 0)
      errors.push(forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'"));
  }
  if (type === "PersistentVolumeClaim" && max?.storage === undefined && min?.storage === undefined) {
    const why = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(`${path}.limits`, why));
  }
  return [...errors, ...names("maxLimitRequestRatio")];
}

/** What is said of one resource in all lists. */
interface Amounts {
  min: string | undefined;
  max: string | undefined;
  limit: string | undefined;
  request: string | undefined;
  ratio: string | undefined;
}

function validateAmounts(item: LimitRangeItem, path: string): FieldError[] {
  const { max = {}, min = {}, maxLimitRequestRatio: ratios = {} } = item;
  const isPod = item.type === "Pod";
  const limits = isPod ? {} : (item.default ?? {});
  const requests = isPod ? {} : (item.defaultRequest ?? {});
  const names = new Set([max, min, limits, requests, ratios].flatMap((list) => Object.keys(list)));
  return [...names].sort().flatMap((name) => {
    const amounts: Amounts = {
      min: min[name],
      max: max[name],
      limit: limits[name],
      request: requests[name],
      ratio: ratios[name],
    };
    return [
      ...validateOrder(amounts, name, path),
      ...validateRatio(amounts, name, path),
      ...validateOvercommit(amounts, name, path),
    ];
  });
}

const isGreater = (a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && compareQuantities(a, b) > 0;

function validateOrder({ min, max, limit, request }: Amounts, name: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (list: string, shown: string, why: string) =>
    errors.push(invalid(`${path}.${list}[${name}]`, goQuantity(shown), why));
  if (isGreater(min, max)) refuse("min", min!, `min value ${min} is greater than max value ${max}`);
  if (isGreater(min, request))
    refuse("defaultRequest", request!, `min value ${min} is greater than default request value ${request}`);
  if (isGreater(request, max))
    refuse("defaultRequest", request!, `default request value ${request} is greater than max value ${max}`);
  if (isGreater(request, limit))
    refuse(
      "defaultRequest",
      request!,
      `default request value ${request} is greater than default limit value ${limit}`,
    );
  if (isGreater(min, limit))
    refuse("default", min!, `min value ${min} is greater than default value ${limit}`);
  if (isGreater(limit, max))
    refuse("default", max!, `default value ${limit} is greater than max value ${max}`);
  return errors;
}

function validateRatio({ min, max, ratio }: Amounts, name: string, path: string): FieldError[] {
  if (ratio === undefined) return [];
  const errors: FieldError[] = [];
  const at = `${path}.maxLimitRequestRatio[${name}]`;
  if (isGreater("1", ratio)) errors.push(invalid(at, goQuantity(ratio), `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const { value, limit } = maxLimitRatio(ratio, min, max);
  if (value <= limit) return errors;
  const why = `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`;
  return [...errors, invalid(at, goQuantity(ratio), why)];
}

/** Of devices and huge pages nobody gets more than was asked for. */
function validateOvercommit({ limit, request }: Amounts, name: string, path: string): FieldError[] {
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return [];
  if (compareQuantities(limit, request) === 0) return [];
  const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
  return [invalid(`${path}.defaultRequest[${name}]`, goQuantity(request), why)];
}
