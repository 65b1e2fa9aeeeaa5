import { formatIp, ipFamily, isIpv4, parseCidr, parseIp } from "../../formats/index.ts";
import { invalid, invalidEach } from "./field-error.ts";
import type { FieldError } from "./types.ts";

export { formatIp, ipFamily, isIpv4, parseCidr, parseIp };

export const IP_MESSAGE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const CIDR_MESSAGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** An address in a field that is older than the strict rules (IsValidIPForLegacyField); `known` were there before. */
export function validateIp(path: string, value: string, known: readonly string[] = []): FieldError[] {
  if (known.includes(value) || parseIp(value) !== undefined) return [];
  return [invalid(path, value, IP_MESSAGE)];
}

/** What is wrong with an address where only the one spelling of today is taken (IsValidIP): no leading zeros, no IPv4 address written as an IPv6 one. */
export function canonicalIpProblems(value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [IP_MESSAGE];
  if (!value.includes(":") && /(^|\.)0\d/.test(value)) return ["must not have leading 0s"];
  if (value.includes(":") && isIpv4(ip)) return ["must not be an IPv4-mapped IPv6 address"];
  const canonical = formatIp(ip);
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** An address in a field of today. */
export function validateCanonicalIp(path: string, value: string): FieldError[] {
  return invalidEach(path, value, canonicalIpProblems(value));
}

export type Cidr = NonNullable<ReturnType<typeof parseCidr>>;

export function validateCidr(path: string, value: string, known: readonly string[] = []): FieldError[] {
  return known.includes(value) || parseCidr(value) !== undefined ? [] : [invalid(path, value, CIDR_MESSAGE)];
}

/** A network in a field of today (IsValidCIDR): no bits beyond its prefix, and in the one spelling. */
export function validateCanonicalCidr(path: string, value: string): FieldError[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [invalid(path, value, CIDR_MESSAGE)];
  const { ip, bits } = cidr;
  const network = networkOf(cidr);
  const [address = "", digits = ""] = value.split("/");
  const problems: string[] = [];
  if (/^0\d/.test(digits) || (!address.includes(":") && /(^|\.)0\d/.test(address)))
    problems.push("must not have leading 0s in IP or prefix length");
  else if (address.includes(":") && isIpv4(ip)) problems.push("must not have an IPv4-mapped IPv6 address");
  else if (!sameIp(network, ip)) problems.push("must not have bits set beyond the prefix length");
  const canonical = `${formatIp(network)}/${bits}`;
  if (problems.length === 0 && value !== canonical)
    problems.push(`must be in canonical form (${JSON.stringify(canonical)})`);
  return invalidEach(path, value, problems);
}

/** A network's address without the bits beyond its prefix. */
export function networkOf({ ip, bits, family }: Cidr): Uint8Array {
  return ip.map((byte, index) => {
    const kept = bits + (family === 4 ? 96 : 0) - index * 8;
    return byte & (0xff << Math.max(0, 8 - Math.max(0, kept)));
  });
}

/** Whether all of one network lies in the other. */
export function isSubnet(inner: Cidr, outer: Cidr): boolean {
  if (inner.family !== outer.family || inner.bits < outer.bits) return false;
  return sameIp(networkOf({ ...inner, bits: outer.bits }), networkOf(outer));
}

/** Whether all of one network lies in the other, which is larger. */
export function isStrictSubnet(inner: Cidr, outer: Cidr): boolean {
  return inner.bits > outer.bits && isSubnet(inner, outer);
}

/** Whether an address of the network is one that a host can have: not the network's own, nor of IPv4 the broadcast one. */
export function isHostOf(ip: Uint8Array, network: Cidr): boolean {
  const family = isIpv4(ip) ? 4 : 6;
  const bits = family === 4 ? 32 : 128;
  if (!isSubnet({ ip, bits, family }, network) || sameIp(ip, networkOf(network))) return false;
  return family === 6 || !sameIp(ip, lastOf(network));
}

/** All bits beyond the prefix are set. */
function lastOf(network: Cidr): Uint8Array {
  const first = networkOf(network);
  const ones = networkOf({ ...network, ip: new Uint8Array(first.length).fill(0xff) });
  return first.map((byte, index) => byte | (ones[index]! ^ 0xff));
}

const sameIp = (a: Uint8Array, b: Uint8Array) => a.every((byte, index) => byte === b[index]);

/** One address of each family, in a list of at most two. */
export function isDualStack(addresses: readonly string[]): boolean {
  const families = new Set(addresses.map(ipFamily));
  return families.has(4) && families.has(6);
}

/** An address that upstream still takes, but warns of (GetWarningsForIP). */
export function warningsOfIp(path: string, value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [];
  const canonical = formatIp(ip);
  if (canonical === value) return [];
  if (isIpv4(ip)) return [nonStandard(path, "IP address", value, canonical)];
  return [notCanonical(path, "address", value, canonical)];
}

export function warningsOfCidr(path: string, value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [];
  const { ip, bits, family } = cidr;
  const masked = networkOf(cidr);
  const network = `${formatIp(masked)}/${bits}`;
  const warnings: string[] = [];
  if (!sameIp(masked, ip)) {
    const single = `${formatIp(ip)}/${family === 4 ? 32 : 128}`;
    warnings.push(
      `${path}: CIDR value ${quote(value)} is ambiguous in this context (should be ${quote(network)} or ${quote(single)}?)`,
    );
  }
  const canonical = `${formatIp(ip)}/${bits}`;
  if (canonical === value) return warnings;
  if (isIpv4(ip)) return [...warnings, nonStandard(path, "CIDR value", value, network)];
  return warnings.length > 0 ? warnings : [notCanonical(path, "CIDR value", value, canonical)];
}

const quote = (text: string) => JSON.stringify(text);
const nonStandard = (path: string, what: string, value: string, better: string) =>
  `${path}: non-standard ${what} ${quote(value)} will be considered invalid in a future Kubernetes release: use ${quote(better)}`;
const notCanonical = (path: string, what: string, value: string, canonical: string) =>
  `${path}: IPv6 ${what} ${quote(value)} should be in RFC 5952 canonical format (${quote(canonical)})`;
