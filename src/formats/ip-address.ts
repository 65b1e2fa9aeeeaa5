import { isIP } from "node:net";

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

/** The size of a network's prefix and its family; undefined for no network (k8s.io/utils ParseCIDRSloppy). */
export function parseCidr(text: string): { ip: Uint8Array; bits: number; family: 4 | 6 } | undefined {
  const [, address, digits] = /^(.+)\/(\d+)$/.exec(text) ?? [];
  const ip = address === undefined ? undefined : parseIp(address);
  if (ip === undefined) return undefined;
  const bits = Number(digits);
  const isDotted = !address!.includes(":");
  return bits > (isDotted ? 32 : 128) ? undefined : { ip, bits, family: isDotted ? 4 : 6 };
}
