import { formatIp, ipAddressProblem, isIpv4, parseIp } from "../../../formats/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, INT, opaqueType, STRING } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { CelObject } from "../values/value.ts";

export const IP_TYPE = opaqueType("net.IP");

/** An address: 4 bytes, or 16. */
export class CelIp extends CelObject {
  readonly type = IP_TYPE;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelIp && other.toString() === this.toString();
  }

  override get costSize(): number {
    return this.bytes.length;
  }

  override toString(): string {
    return this.bytes.length === 4 ? this.bytes.join(".") : formatIp(this.bytes);
  }
}

/** An address as Kubernetes takes it in expressions: no zone, no IPv4 address in IPv6 clothes. */
export function toIp(text: string): CelIp | CelError {
  const problem = ipAddressProblem(text);
  const shown = JSON.stringify(text);
  if (problem !== undefined)
    return new CelError(`IP Address ${shown} parse error during conversion from string: ${problem}`);
  if (text.includes("%")) return new CelError(`IP address ${shown} with zone value is not allowed`);
  const bytes = parseIp(text)!;
  if (!text.includes(":")) return new CelIp(bytes.subarray(12));
  return isIpv4(bytes) ? new CelError(`IPv4-mapped IPv6 address ${shown} is not allowed`) : new CelIp(bytes);
}

function isCanonical(text: string): boolean | CelError {
  const ip = toIp(text);
  return isError(ip) ? ip : ip.toString() === text;
}

function test(name: string, id: string, holds: (bytes: Uint8Array) => boolean): CelFunction {
  return fn(name, [memberOverload(id, [IP_TYPE], BOOL, ([ip]) => holds((ip as CelIp).bytes))]);
}

const isAll = (bytes: Uint8Array, value: number) => bytes.every((byte) => byte === value);
const isDotted = (bytes: Uint8Array) => bytes.length === 4;
const isOne = (bytes: Uint8Array) => isAll(bytes.subarray(0, 15), 0) && bytes[15] === 1;
const isLoopback = (bytes: Uint8Array) => (isDotted(bytes) ? bytes[0] === 127 : isOne(bytes));
const isLinkLocalUnicast = (bytes: Uint8Array) =>
  isDotted(bytes) ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
const isLinkLocalMulticast = (bytes: Uint8Array) =>
  isDotted(bytes)
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 0xff && (bytes[1]! & 0x0f) === 0x02;
const isMulticast = (bytes: Uint8Array) =>
  isDotted(bytes) ? (bytes[0]! & 0xf0) === 0xe0 : bytes[0] === 0xff;

function isGlobalUnicast(bytes: Uint8Array): boolean {
  if (isDotted(bytes) && (isAll(bytes, 0) || isAll(bytes, 255))) return false;
  return !isAll(bytes, 0) && !isLoopback(bytes) && !isMulticast(bytes) && !isLinkLocalUnicast(bytes);
}

/** Kubernetes' functions on addresses (from 1.30 on). */
export const IP_FUNCTIONS: CelFunction[] = [
  fn("ip", [overload("string_to_ip", [STRING], IP_TYPE, ([text]) => toIp(text as string))]),
  fn("family", [
    memberOverload("ip_family", [IP_TYPE], INT, ([ip]) => (isDotted((ip as CelIp).bytes) ? 4n : 6n)),
  ]),
  fn("ip.isCanonical", [
    overload("ip_is_canonical", [STRING], BOOL, ([text]) => isCanonical(text as string)),
  ]),
  test("isUnspecified", "ip_is_unspecified", (bytes) => isAll(bytes, 0)),
  test("isLoopback", "ip_is_loopback", isLoopback),
  test("isLinkLocalMulticast", "ip_is_link_local_multicast", isLinkLocalMulticast),
  test("isLinkLocalUnicast", "ip_is_link_local_unicast", isLinkLocalUnicast),
  test("isGlobalUnicast", "ip_is_global_unicast", isGlobalUnicast),
  fn("isIP", [overload("is_ip", [STRING], BOOL, ([text]) => !isError(toIp(text as string)))]),
  fn("string", [overload("ip_to_string", [IP_TYPE], STRING, ([ip]) => String(ip))]),
];
