import { duplicate, invalid, notSupported, optionalOneOf, required } from "../../field-error.ts";
import type { Service, ServiceSpec } from "../../generated/types.ts";
import { ipFamily, isDualStack, validateIp } from "../../ip-address.ts";
import type { FieldError } from "../../types.ts";

const FAMILIES = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const PATH = "spec.clusterIPs";

export const isHeadless = ({ clusterIPs }: ServiceSpec): boolean =>
  clusterIPs?.length === 1 && clusterIPs[0] === "None";

/** `ValidateServiceClusterIPsRelatedFields`: also asked before addresses are given out. */
export function validateServiceAddresses(service: Service, previous?: Service): FieldError[] {
  const { spec } = service;
  if (spec.type === "ExternalName") return [];
  const errors = [
    ...validatePair(spec),
    ...validateFamilies(spec.ipFamilies ?? []),
    ...optionalOneOf("spec.ipFamilyPolicy", spec.ipFamilyPolicy, FAMILY_POLICIES),
  ];
  const addresses = spec.clusterIPs ?? [];
  const own = validateAddresses(addresses, previous?.spec.clusterIPs);
  errors.push(...own);
  if (addresses.length > 2) errors.push(invalid(PATH, addresses, "may only hold up to 2 values"));
  if (own.length > 0) return errors;
  if (addresses.length > 1 && !isDualStack(addresses))
    errors.push(invalid(PATH, addresses, "may specify no more than one IP for each IP family"));
  return isHeadless(spec) ? errors : [...errors, ...validateFamilyOfEach(addresses, spec.ipFamilies ?? [])];
}

function validatePair({ clusterIP, clusterIPs = [] }: ServiceSpec): FieldError[] {
  if (!clusterIP) {
    return clusterIPs.length === 0
      ? []
      : [invalid(PATH, clusterIPs, "must be empty when `clusterIP` is not specified")];
  }
  if (clusterIPs.length === 0) return [required(PATH)];
  return clusterIPs[0] === clusterIP ? [] : [invalid(PATH, clusterIPs, "first value must match `clusterIP`")];
}

function validateFamilies(families: readonly string[]): FieldError[] {
  return families.flatMap((family, index) => {
    const at = `spec.ipFamilies[${index}]`;
    return [
      ...(FAMILIES.includes(family) ? [] : [notSupported(at, family, FAMILIES)]),
      ...(families.indexOf(family) < index ? [duplicate(at, family)] : []),
    ];
  });
}

function validateAddresses(addresses: readonly string[], known: readonly string[] | undefined): FieldError[] {
  return addresses.flatMap((address, index) => {
    if (index > 0 || address !== "None") return validateIp(`${PATH}[${index}]`, address, known);
    return addresses.length > 1 ? [invalid(PATH, addresses, "'None' must be the first and only value")] : [];
  });
}

function validateFamilyOfEach(addresses: readonly string[], families: readonly string[]): FieldError[] {
  return addresses.flatMap((address, index) => {
    const family = families[index];
    if (family !== "IPv4" && family !== "IPv6") return [];
    if ((ipFamily(address) === 6) === (family === "IPv6")) return [];
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalid(`${PATH}[${index}]`, address, why)];
  });
}

/** Addresses and families stay, but for a change to or from ExternalName and the second of each. */
export function validateAddressesUpdate(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  if (next.type === "ExternalName" || previous.type === "ExternalName") return [];
  const [isNow, was] = [isHeadless(next), isHeadless(previous)];
  return [
    ...(isNow && was ? [] : validateClusterIpsUpdate(next, previous)),
    ...(isNow || was ? [] : validateFamiliesUpdate(next, previous)),
  ];
}

const ONCE = "may not change once set";

function validateClusterIpsUpdate(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  const [now, before] = [next.clusterIPs ?? [], previous.clusterIPs ?? []];
  if (now.length === before.length) {
    return before.flatMap((ip, index) =>
      ip === now[index] ? [] : [invalid(`${PATH}[${index}]`, now, ONCE)],
    );
  }
  const errors: FieldError[] = [];
  if (now.length === 0) errors.push(invalid(`${PATH}[0]`, now, "primary clusterIP can not be unset"));
  else if (before.length > 0 && now[0] !== before[0]) errors.push(invalid(`${PATH}[0]`, now, ONCE));
  if (now.length === 1 && before.length > 1) errors.push(...mustBeSingleStack(next, "clusterIP"));
  return errors;
}

function mustBeSingleStack({ ipFamilyPolicy }: ServiceSpec, what: string): FieldError[] {
  if (ipFamilyPolicy === "SingleStack") return [];
  const why = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalid("spec.ipFamilyPolicy", ipFamilyPolicy, why)];
}

function validateFamiliesUpdate(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  const path = "spec.ipFamilies[0]";
  const [now, before] = [next.ipFamilies ?? [], previous.ipFamilies ?? []];
  if (now.length === before.length) {
    return before.flatMap((family, index) => (family === now[index] ? [] : [invalid(path, now, ONCE)]));
  }
  const errors: FieldError[] = [];
  if (now.length < before.length && !next.clusterIPs?.length)
    errors.push(invalid(path, now, "primary ipFamily can not be unset"));
  // Upstream shows the addresses here.
  if (now.length > 0 && before.length > 0 && now[0] !== before[0])
    errors.push(invalid(path, next.clusterIPs ?? [], ONCE));
  if (now.length === 1 && before.length > 1) errors.push(...mustBeSingleStack(next, "ipFamily"));
  return errors;
}
