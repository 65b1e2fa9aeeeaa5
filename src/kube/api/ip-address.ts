import { isIP } from "node:net";
import { invalid, invalidEach } from "./field-error.ts";
import type { FieldError } from "./types.ts";

export const IP_MESSAGE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const CIDR_MESSAGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/**
 * An address as 16 bytes, IPv4 ones mapped into IPv6, the way Go's net.IP holds them. Zeros at the start of an octet
 * are skipped, as k8s.io/utils ParseIPSloppy does; zones are refused. Undefined for everything that is no address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  if (text.includes(":")) return text.includes("%") || isIP(text) !== 6 ? undefined : parseIpv6(text);
  const octets = parseIpv4(text);
  if (octets === undefined) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff, ...octets], 10);
  return bytes;
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(text)) return undefined;
  const octets = text.split(".").map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** `text` is known to be an address. */
function parseIpv6(text: string): Uint8Array {
  const tail = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const octets = tail === undefined ? [] : parseIpv4(tail)!;
  const groups = octets.length === 0 ? text : text.slice(0, -tail!.length) + pairs(octets);
  const [head = "", rest] = groups.split("::");
  const before = groupsOf(head);
  const after = rest === undefined ? [] : groupsOf(rest);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

const pairs = ([a, b, c, d]: readonly number[]) =>
  `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
const groupsOf = (text: string) =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));

/** Also true of IPv4 addresses that are written as IPv6 ones (`::ffff:10.0.0.1`). */
export function isIpv4(ip: Uint8Array): boolean {
  return ip.subarray(0, 10).every((byte) => byte === 0) && ip[10] === 0xff && ip[11] === 0xff;
}

/** 4, 6, or 0 for no address. */
export function ipFamily(text: string): 0 | 4 | 6 {
  const ip = parseIp(text);
  if (ip === undefined) return 0;
  return isIpv4(ip) ? 4 : 6;
}

/** As Go's net.IP prints it: dotted, or RFC 5952. */
export function formatIp(ip: Uint8Array): string {
  if (isIpv4(ip)) return ip.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => (ip[index * 2]! << 8) | ip[index * 2 + 1]!);
  const [start, length] = longestZeros(groups);
  const text = (list: readonly number[]) => list.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}

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

/** An address with the size of its network's prefix, and its family. */
export interface Cidr {
  ip: Uint8Array;
  bits: number;
  family: 4 | 6;
}

/** Undefined for no network (k8s.io/utils ParseCIDRSloppy). */
export function parseCidr(text: string): Cidr | undefined {
  const [, address, digits] = /^(.+)\/(\d+)$/.exec(text) ?? [];
  const ip = address === undefined ? undefined : parseIp(address);
  if (ip === undefined) return undefined;
  const bits = Number(digits);
  const isDotted = !address!.includes(":");
  return bits > (isDotted ? 32 : 128) ? undefined : { ip, bits, family: isDotted ? 4 : 6 };
}

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

/** Whether all of one network lies in the other, which is larger. */
export function isStrictSubnet(inner: Cidr, outer: Cidr): boolean {
  if (inner.family !== outer.family || inner.bits <= outer.bits) return false;
  return sameIp(networkOf({ ...inner, bits: outer.bits }), networkOf(outer));
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
