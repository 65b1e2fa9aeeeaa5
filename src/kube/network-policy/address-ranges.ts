import { parseCidr } from "../../formats/index.ts";
import type { IPBlock } from "../api/index.ts";

export type Family = 4 | 6;

/** Addresses of one family, both ends included. */
export interface AddressRange {
  family: Family;
  first: bigint;
  last: bigint;
}

const BITS: Record<Family, number> = { 4: 32, 6: 128 };

/** The addresses that at least one of the blocks holds: each its own without its exceptions. Sorted, without overlap. */
export function rangesOfBlocks(blocks: readonly IPBlock[]): AddressRange[] {
  return merged(blocks.flatMap(rangesOfBlock));
}

export function isWholeFamily({ family, first, last }: AddressRange): boolean {
  return first === 0n && last === (1n << BigInt(BITS[family])) - 1n;
}

/** As nft reads it: `10.0.0.1-10.0.0.9`, or one address. */
export function rangeText({ family, first, last }: AddressRange): string {
  return first === last
    ? addressText(family, first)
    : `${addressText(family, first)}-${addressText(family, last)}`;
}

function rangesOfBlock({ cidr, except = [] }: IPBlock): AddressRange[] {
  const block = rangeOf(cidr);
  if (block === undefined) return [];
  return except.reduce<AddressRange[]>(
    (left, one) => {
      const hole = rangeOf(one);
      return hole === undefined ? left : left.flatMap((range) => without(range, hole));
    },
    [block],
  );
}

function rangeOf(cidr: string): AddressRange | undefined {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) return undefined;
  const { ip, bits, family } = parsed;
  const bytes = family === 4 ? ip.subarray(12) : ip;
  const address = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const size = 1n << BigInt(BITS[family] - bits);
  const first = address - (address % size);
  return { family, first, last: first + size - 1n };
}

function without(range: AddressRange, hole: AddressRange): AddressRange[] {
  const { family, first, last } = range;
  if (hole.family !== family || hole.last < first || hole.first > last) return [range];
  const rest: AddressRange[] = [];
  if (hole.first > first) rest.push({ family, first, last: hole.first - 1n });
  if (hole.last < last) rest.push({ family, first: hole.last + 1n, last });
  return rest;
}

function merged(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => a.family - b.family || compare(a.first, b.first));
  const out: AddressRange[] = [];
  for (const range of sorted) {
    const before = out.at(-1);
    if (before?.family !== range.family || range.first > before.last + 1n) out.push({ ...range });
    else if (range.last > before.last) before.last = range.last;
  }
  return out;
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

/** Every group of an IPv6 address is written: a mapped IPv4 address must not look like one. */
function addressText(family: Family, value: bigint): string {
  const size = family === 4 ? 8 : 16;
  const parts: number[] = [];
  for (let shift = BITS[family] - size; shift >= 0; shift -= size)
    parts.push(Number(BigInt.asUintN(size, value >> BigInt(shift))));
  return family === 4 ? parts.join(".") : parts.map((part) => part.toString(16)).join(":");
}
