import { invalidArgument } from "../../base/index.ts";
import * as der from "./der.ts";

/** The API's names of key usages, and the number of each in the bit string (RFC 5280 §4.2.1.3). */
const KEY_USAGES: Record<string, number> = {
  signing: 0,
  "digital signature": 0,
  "content commitment": 1,
  "key encipherment": 2,
  "data encipherment": 3,
  "key agreement": 4,
  "cert sign": 5,
  "crl sign": 6,
  "encipher only": 7,
  "decipher only": 8,
};

/** Extended usages (RFC 5280 §4.2.1.12 and older ones) in the order in which upstream writes them. */
const EXTENDED_USAGES: [names: string[], id: string][] = [
  [["any"], "2.5.29.37.0"],
  [["server auth"], "1.3.6.1.5.5.7.3.1"],
  [["client auth"], "1.3.6.1.5.5.7.3.2"],
  [["code signing"], "1.3.6.1.5.5.7.3.3"],
  [["email protection", "s/mime"], "1.3.6.1.5.5.7.3.4"],
  [["ipsec end system"], "1.3.6.1.5.5.7.3.5"],
  [["ipsec tunnel"], "1.3.6.1.5.5.7.3.6"],
  [["ipsec user"], "1.3.6.1.5.5.7.3.7"],
  [["timestamping"], "1.3.6.1.5.5.7.3.8"],
  [["ocsp signing"], "1.3.6.1.5.5.7.3.9"],
  [["microsoft sgc"], "1.3.6.1.4.1.311.10.3.3"],
  [["netscape sgc"], "2.16.840.1.113730.4.1"],
];

/** The bit string of those usages that have a bit; undefined where none has. Throws InvalidArgument for what is no usage. */
export function keyUsageBits(usages: readonly string[]): Buffer | undefined {
  const unknown = usages.filter((usage) => !(usage in KEY_USAGES) && !isExtended(usage));
  if (unknown.length > 0)
    throw invalidArgument(
      `unrecognized usage values: [${unknown.map((one) => JSON.stringify(one)).join(" ")}]`,
    );
  const numbers = usages.flatMap((usage) => KEY_USAGES[usage] ?? []);
  if (numbers.length === 0) return undefined;
  const last = Math.max(...numbers);
  const bytes = Buffer.alloc(last < 8 ? 1 : 2);
  for (const number of numbers) bytes[number >> 3]! |= 0x80 >> (number & 7);
  return der.bitString(bytes, 7 - (last & 7));
}

/** The identifiers of the extended usages among these. */
export function extendedUsagesOf(usages: readonly string[]): string[] {
  return EXTENDED_USAGES.filter(([names]) => names.some((name) => usages.includes(name))).map(([, id]) => id);
}

const isExtended = (usage: string): boolean => EXTENDED_USAGES.some(([names]) => names.includes(usage));
