import { compareQuantities, isQualifiedName, parseQuantity } from "../../../../formats/index.ts";
import { forbidden, invalid, invalidEach, required } from "../../field-error.ts";
import type { ResourceRequirements } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

const STANDARD = new Set(["cpu", "memory", "ephemeral-storage"]);
const isHugePages = (name: string) => name.startsWith("hugepages-");
const isExtended = (name: string) =>
  name.includes("/") && !name.includes("kubernetes.io/") && !name.startsWith("requests.");
/** More may be promised than there is; not so for devices and huge pages. */
const isOvercommitAllowed = (name: string) => !isExtended(name) && !isHugePages(name);

const NANO = 1_000_000_000n;

/** requests and limits of a container. */
export function validateResources(resources: ResourceRequirements | undefined, path: string): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const errors: FieldError[] = [];
  for (const [name, quantity] of Object.entries(limits)) {
    errors.push(...validateAmount(name, quantity, `${path}.limits[${name}]`));
  }
  for (const [name, quantity] of Object.entries(requests)) {
    errors.push(...validateAmount(name, quantity, `${path}.requests[${name}]`));
    errors.push(...validateAgainstLimit(name, quantity, limits[name], path));
  }
  return errors;
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
  return [...validateResourceName(name, path), ...validateQuantity(name, quantity, path)];
}

function validateResourceName(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || name.includes("/")) return errors;
  if (STANDARD.has(name) || isHugePages(name)) return [];
  return [invalid(path, name, "must be a standard resource for containers")];
}

export function validateQuantity(name: string, quantity: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { nanos } = parseQuantity(quantity);
  if (nanos < 0n) errors.push(invalid(path, quantity, "must be greater than or equal to 0"));
  if (isExtended(name) && nanos % NANO !== 0n) errors.push(invalid(path, quantity, "must be an integer"));
  return errors;
}

/** Pod-level resources need a feature that is not on by default in 1.33. */
export function validatePodResources(
  resources: ResourceRequirements | undefined,
  path: string,
): FieldError[] {
  if (resources === undefined || Object.keys(resources).length === 0) return [];
  if (resources.claims?.length)
    return [forbidden(`${path}.claims`, "claims cannot be set for Resources at pod-level")];
  return validateResources(resources, path);
}
