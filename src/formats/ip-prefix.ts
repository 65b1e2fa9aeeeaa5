import { formatIp, isIpv4, parseIp } from "./ip-address.ts";
import { ipAddressProblem, ipPrefixProblem } from "./ip-address-problem.ts";

/** An address of either family as a number. An IPv4 address that is written as an IPv6 one is of family 6. */
export interface IpNumber {
  family: 4 | 6;
  value: bigint;
}

/** A network of either family: an address in it, and how many leading bits all of its addresses share. */
export interface IpPrefix extends IpNumber {
  bits: number;
}

/** As Go's `netip.ParseAddr`, without zones: no zeros before an octet. Undefined for everything that is no address. */
export function parseIpNumber(text: string): IpNumber | undefined {
  if (ipAddressProblem(text) !== undefined) return undefined;
  const bytes = parseIp(text);
  if (bytes === undefined) return undefined;
  const family = text.includes(":") ? 6 : 4;
  const value = (family === 4 ? bytes.subarray(12) : bytes).reduce(
    (sum, byte) => sum * 256n + BigInt(byte),
    0n,
  );
  return { family, value };
}

/** As Go's `netip.ParsePrefix`; bits of the host are kept. Undefined for everything that is no network. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  if (ipPrefixProblem(text) !== undefined) return undefined;
  const slash = text.lastIndexOf("/");
  const address = parseIpNumber(text.slice(0, slash));
  return address && { ...address, bits: Number(text.slice(slash + 1)) };
}

/** As Go's `netip.Addr` prints it: dotted, RFC 5952, or `::ffff:10.0.0.1`. */
export function formatIpNumber({ family, value }: IpNumber): string {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
    Number((value >> BigInt(8 * (15 - index))) & 0xffn),
  );
  if (family === 4) bytes.set([0xff, 0xff], 10);
  return family === 6 && isIpv4(bytes) ? `::ffff:${formatIp(bytes)}` : formatIp(bytes);
}

export function formatIpPrefix(prefix: IpPrefix): string {
  return `${formatIpNumber(prefix)}/${prefix.bits}`;
}

/** How many addresses a network has. */
export function prefixSize({ family, bits }: IpPrefix): bigint {
  return 1n << BigInt((family === 4 ? 32 : 128) - bits);
}

/** The same network by its first address. */
export function maskPrefix(prefix: IpPrefix): IpPrefix {
  return { ...prefix, value: prefix.value - (prefix.value % prefixSize(prefix)) };
}

/** Never true of an address of the other family. */
export function prefixContains(prefix: IpPrefix, { family, value }: IpNumber): boolean {
  const first = maskPrefix(prefix).value;
  return family === prefix.family && value >= first && value < first + prefixSize(prefix);
}

export function prefixesOverlap(a: IpPrefix, b: IpPrefix): boolean {
  return a.bits <= b.bits ? prefixContains(a, b) : prefixContains(b, a);
}
