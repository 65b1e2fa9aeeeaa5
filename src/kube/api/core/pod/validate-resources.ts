import {
  compareQuantities,
  isDns1123Label,
  isQualifiedName,
  parseQuantity,
  quantityValue,
} from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notFoundValue,
  printed,
  required,
} from "../../field-error.ts";
import type { ResourceClaim, ResourceRequirements } from "../../generated/types.ts";
import { goQuantity } from "../../go-value.ts";
import type { FieldError } from "../../types.ts";

const CONTAINER_RESOURCES = new Set(["cpu", "memory", "ephemeral-storage"]);
/** Names that stand without a prefix; most of them only in quotas. */
const STANDARD = new Set([
  ...CONTAINER_RESOURCES,
  ...[...CONTAINER_RESOURCES].flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "requests.storage",
  "resourcequotas",
  "secrets",
  "services",
  "services.loadbalancers",
  "services.nodeports",
  "storage",
]);
const COUNTED = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
  "services.loadbalancers",
  "services.nodeports",
]);
const HUGE_PAGES = "hugepages-";
const QUOTA_PREFIX = "requests.";

const isHugePages = (name: string) => name.startsWith(HUGE_PAGES);
export const isNativeResource = (name: string) => !name.includes("/") || name.includes("kubernetes.io/");

/** A resource that no node has by itself: a device of some plugin. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(QUOTA_PREFIX)) return false;
  return isQualifiedName(`${QUOTA_PREFIX}${name}`).length === 0;
}

const isStandard = (name: string) =>
  STANDARD.has(name) || isHugePages(name) || name.startsWith(`${QUOTA_PREFIX}${HUGE_PAGES}`);

/** Whether a quota can count it; of claims it counts what they request. */
export const isQuotaResource = (name: string) => name !== "storage" && isStandard(name);

/** More may be promised than there is; not so for devices and huge pages. */
export const isOvercommitAllowed = (name: string) => isNativeResource(name) && !isHugePages(name);

const NANO = 1_000_000_000n;

/** requests, limits and claims of a container; `claims` are those of its pod. */
export function validateResources(
  resources: ResourceRequirements | undefined,
  path: string,
  claims: readonly string[] = [],
): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const errors: FieldError[] = [];
  for (const name of Object.keys(limits).sort())
    errors.push(...validateAmount(name, limits[name]!, `${path}.limits[${name}]`));
  for (const name of Object.keys(requests).sort()) {
    const at = `${path}.requests[${name}]`;
    errors.push(...validateNameAndQuantity(name, requests[name]!, at));
    errors.push(...validateAgainstLimit(name, requests[name]!, limits[name], path));
    errors.push(...validatePages(name, requests[name]!, at));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory"))
    errors.push(forbidden(path, "HugePages require cpu or memory"));
  return [...errors, ...validateClaims(resources?.claims, `${path}.claims`, claims)];
}

function validateAgainstLimit(
  name: string,
  quantity: string,
  limit: string | undefined,
  path: string,
): FieldError[] {
  if (limit === undefined) {
    return isOvercommitAllowed(name)
      ? []
      : [required(`${path}.limits`, "Limit must be set for non overcommitable resources")];
  }
  const difference = compareQuantities(quantity, limit);
  if (difference !== 0 && !isOvercommitAllowed(name)) {
    return [invalid(`${path}.requests`, quantity, `must be equal to ${name} limit of ${limit}`)];
  }
  if (difference <= 0) return [];
  return [invalid(`${path}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`)];
}

function validateAmount(name: string, quantity: string, path: string): FieldError[] {
  return [...validateNameAndQuantity(name, quantity, path), ...validatePages(name, quantity, path)];
}

function validateNameAndQuantity(name: string, quantity: string, path: string): FieldError[] {
  return [...validateContainerResourceName(name, path), ...validateQuantity(name, quantity, path)];
}

function validatePages(name: string, quantity: string, path: string): FieldError[] {
  if (!isHugePages(name) || isDivisible(name, quantity)) return [];
  return [invalid(path, quantity, `${quantity} is not positive integer multiple of ${name}`)];
}

function isDivisible(name: string, quantity: string): boolean {
  try {
    const page = parseQuantity(name.slice(HUGE_PAGES.length)).nanos;
    if (page <= 0n || page % NANO !== 0n) return false;
    return BigInt(quantityValue(quantity)) % (page / NANO) === 0n;
  } catch {
    return false;
  }
}

/** The name of a resource anywhere: a standard one or one with a prefix. */
export function validateResourceName(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, printed(name), isQualifiedName(name));
  if (errors.length > 0 || name.includes("/")) return errors;
  if (isStandard(name)) return [];
  return [invalid(path, printed(name), "must be a standard resource type or fully qualified")];
}

/** The name of a resource that a container may ask for. */
export function validateContainerResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes("/")) {
    if (!CONTAINER_RESOURCES.has(name) && !isHugePages(name))
      errors.push(invalid(path, printed(name), "must be a standard resource for containers"));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, printed(name), "doesn't follow extended resource name standard"));
  }
  return errors;
}

export function validateQuantity(name: string, quantity: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { nanos } = parseQuantity(quantity);
  if (nanos < 0n) errors.push(invalid(path, quantity, "must be greater than or equal to 0"));
  if ((COUNTED.has(name) || isExtendedResource(name)) && nanos % NANO !== 0n)
    errors.push(invalid(path, goQuantity(quantity), "must be an integer"));
  return errors;
}

function validateClaims(
  list: readonly ResourceClaim[] | undefined,
  path: string,
  claims: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  list?.forEach(({ name, request }, index) => {
    const at = `${path}[${index}]`;
    if (!name) {
      errors.push(required(at));
      return;
    }
    const key = request ? `${name}/${request}` : name;
    if (request) errors.push(...invalidEach(`${at}.request`, request, isDns1123Label(request)));
    if (seen.has(name)) errors.push(duplicate(at, name));
    else if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
    if (!claims.includes(name)) errors.push(noSuchClaim(name, at, claims));
  });
  return errors;
}

function noSuchClaim(name: string, path: string, claims: readonly string[]): FieldError {
  const which = claims.length === 0 ? " which is empty" : `: ${[...claims].sort().join(", ")}`;
  const error = notFoundValue(path, name);
  return {
    ...error,
    message: `${error.message}: must be one of the names in pod.spec.resourceClaims${which}`,
  };
}
