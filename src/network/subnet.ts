import { isIPv4 } from "node:net";
import { invalidArgument } from "../base/index.ts";

/** An IPv4 network: its first address as a number, and its prefix length. */
export interface Subnet {
  base: number;
  prefixLength: number;
}

export function ipToNumber(address: string): number {
  if (!isIPv4(address)) throw invalidArgument(`invalid IP address: ${address}`);
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function numberToIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Parses `10.1.2.3/24`; host bits are dropped. */
export function parseSubnet(cidr: string): Subnet {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(cidr);
  const prefixLength = Number(match?.[2]);
  if (!match || !isIPv4(match[1]!) || prefixLength > 32) throw invalidArgument(`invalid subnet: ${cidr}`);
  const address = ipToNumber(match[1]!);
  return { base: address - (address % 2 ** (32 - prefixLength)), prefixLength };
}

export function formatSubnet({ base, prefixLength }: Subnet): string {
  return `${numberToIp(base)}/${prefixLength}`;
}

export function subnetSize({ prefixLength }: Subnet): number {
  return 2 ** (32 - prefixLength);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + subnetSize(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + subnetSize(b) && b.base < a.base + subnetSize(a);
}
