import { ipPrefixProblem } from "../../../formats/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, INT, opaqueType, STRING } from "../types/cel-type.ts";
import { CelError, isError, noSuchOverload } from "../values/cel-error.ts";
import { CelObject, type Result } from "../values/value.ts";
import { CelIp, IP_TYPE, toIp } from "./ip.ts";

export const CIDR_TYPE = opaqueType("net.CIDR");

/** A network: an address, of which the first bits count. */
class CelCidr extends CelObject {
  readonly type = CIDR_TYPE;
  readonly ip: CelIp;
  readonly bits: number;

  constructor(ip: CelIp, bits: number) {
    super();
    this.ip = ip;
    this.bits = bits;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelCidr && other.bits === this.bits && other.ip.equals(this.ip);
  }

  override get costSize(): number {
    return Math.ceil(this.bits / 8);
  }

  override toString(): string {
    return `${this.ip}/${this.bits}`;
  }

  masked(bits = this.bits): CelCidr {
    const bytes = this.ip.bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))));
    return new CelCidr(new CelIp(bytes), bits);
  }

  containsIp(ip: CelIp): boolean {
    if (ip.bytes.length !== this.ip.bytes.length) return false;
    return new CelCidr(ip, this.bits).masked().equals(this.masked());
  }
}

function parseCidr(text: string): CelCidr | CelError {
  const problem = ipPrefixProblem(text);
  if (problem !== undefined)
    return new CelError(`network address parse error during conversion from string: ${problem}`);
  const slash = text.lastIndexOf("/");
  const ip = toIp(text.slice(0, slash));
  // All that is left to refuse is an IPv4 address in IPv6 clothes.
  if (isError(ip)) return new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new CelCidr(ip, Number(text.slice(slash + 1)));
}

function toCidr(text: string): CelCidr | CelError {
  const cidr = parseCidr(text);
  if (!isError(cidr)) return cidr;
  return new CelError(`network address parse error during conversion from string: ${cidr.message}`);
}

function containsIp(cidr: CelCidr, ip: CelIp | CelError): Result {
  return isError(ip) ? noSuchOverload() : cidr.containsIp(ip);
}

function containsCidr(cidr: CelCidr, other: CelCidr | CelError): Result {
  if (isError(other)) return other;
  return cidr.bits <= other.bits && cidr.containsIp(other.ip);
}

/** Kubernetes' functions on networks (from 1.30 on). */
export const CIDR_FUNCTIONS: CelFunction[] = [
  fn("cidr", [overload("string_to_cidr", [STRING], CIDR_TYPE, ([text]) => toCidr(text as string))]),
  fn("containsIP", [
    memberOverload("cidr_contains_ip_string", [CIDR_TYPE, STRING], BOOL, ([cidr, text]) =>
      containsIp(cidr as CelCidr, toIp(text as string)),
    ),
    memberOverload("cidr_contains_ip_ip", [CIDR_TYPE, IP_TYPE], BOOL, ([cidr, ip]) =>
      containsIp(cidr as CelCidr, ip as CelIp),
    ),
  ]),
  fn("containsCIDR", [
    memberOverload("cidr_contains_cidr_string", [CIDR_TYPE, STRING], BOOL, ([cidr, text]) =>
      containsCidr(cidr as CelCidr, toCidr(text as string)),
    ),
    memberOverload("cidr_contains_cidr", [CIDR_TYPE, CIDR_TYPE], BOOL, ([cidr, other]) =>
      containsCidr(cidr as CelCidr, other as CelCidr),
    ),
  ]),
  fn("ip", [memberOverload("cidr_ip", [CIDR_TYPE], IP_TYPE, ([cidr]) => (cidr as CelCidr).ip)]),
  fn("prefixLength", [
    memberOverload("cidr_prefix_length", [CIDR_TYPE], INT, ([cidr]) => BigInt((cidr as CelCidr).bits)),
  ]),
  fn("masked", [
    memberOverload("cidr_masked", [CIDR_TYPE], CIDR_TYPE, ([cidr]) => (cidr as CelCidr).masked()),
  ]),
  fn("isCIDR", [overload("is_cidr", [STRING], BOOL, ([text]) => !isError(parseCidr(text as string)))]),
  fn("string", [overload("cidr_to_string", [CIDR_TYPE], STRING, ([cidr]) => String(cidr))]),
];
