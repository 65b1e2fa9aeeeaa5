import { GantryError } from "../base/index.ts";

/** One value of DER (X.690): its whole tag, and what stands in it. */
export interface DerValue {
  tag: number;
  content: Buffer;
}

export const DER_TAGS = { integer: 0x02, bitString: 0x03, objectIdentifier: 0x06, sequence: 0x30, set: 0x31 };

const TRUNCATED = "asn1: syntax error: data truncated";

export function derError(message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: "Der.Malformed" });
}

/** The values that stand one after the other. Throws InvalidArgument where they are cut off or not of the distinguished form. */
export function readDerValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    if ((tag & 0x1f) === 0x1f) throw derError("asn1: structure error: tags don't match");
    const { start, length } = readLength(bytes, at + 1);
    if (start + length > bytes.length) throw derError(TRUNCATED);
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}

/** The values in one of the given tag. */
export function readDerSequence(value: DerValue | undefined, tag = DER_TAGS.sequence): DerValue[] {
  return readDerValues(expectDer(value, tag));
}

export function expectDer(value: DerValue | undefined, tag: number): Buffer {
  if (value === undefined) throw derError("asn1: syntax error: sequence truncated");
  if (value.tag !== tag) throw derError("asn1: structure error: tags don't match");
  return value.content;
}

function readLength(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at];
  if (first === undefined) throw derError(TRUNCATED);
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first & 0x7f;
  if (count === 0) throw derError("asn1: syntax error: indefinite length found (not DER)");
  if (count > 4) throw derError("asn1: structure error: length too large");
  if (at + count >= bytes.length) throw derError(TRUNCATED);
  const length = bytes.readUIntBE(at + 1, count);
  if (length < 0x80 || bytes[at + 1] === 0) throw derError("asn1: structure error: non-minimal length");
  return { start: at + 1 + count, length };
}

/** `2.5.4.10`. */
export function derObjectIdentifier(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

const BMP_STRING = 0x1e;

/** The text of a string type: UTF8String, PrintableString, IA5String, BMPString, … */
export function derText({ tag, content }: DerValue): string {
  return tag === BMP_STRING ? Buffer.from(content).swap16().toString("utf16le") : content.toString("utf8");
}
