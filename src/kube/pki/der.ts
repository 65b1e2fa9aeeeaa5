/** The few pieces of DER (X.690) that a certificate needs. Each function returns one complete encoded value. */

function encode(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  if (length < 0x1_0000) return Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.from([0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);
}

export const sequence = (...parts: Buffer[]) => encode(0x30, ...parts);
export const set = (...parts: Buffer[]) => encode(0x31, ...parts);
export const octetString = (bytes: Buffer) => encode(0x04, bytes);
export const printableString = (text: string) => encode(0x13, Buffer.from(text, "latin1"));
export const utf8String = (text: string) => encode(0x0c, Buffer.from(text, "utf8"));
export const boolean = (value: boolean) => encode(0x01, Buffer.from([value ? 0xff : 0]));

/** A context-specific tag around values (`[n] EXPLICIT`) or around raw bytes (`[n] IMPLICIT`). */
export const explicit = (tag: number, ...parts: Buffer[]) => encode(0xa0 | tag, ...parts);
export const implicit = (tag: number, bytes: Buffer) => encode(0x80 | tag, bytes);

/** A non-negative integer, big-endian. */
export function integer(bytes: Buffer | number): Buffer {
  let value = typeof bytes === "number" ? Buffer.from([bytes]) : bytes;
  while (value.length > 1 && value[0] === 0 && (value[1]! & 0x80) === 0) value = value.subarray(1);
  return encode(0x02, (value[0]! & 0x80) === 0 ? value : Buffer.concat([Buffer.from([0]), value]));
}

export const bitString = (bytes: Buffer, unusedBits = 0) => encode(0x03, Buffer.from([unusedBits]), bytes);

export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number) as [number, number, ...number[]];
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return encode(0x06, Buffer.from(bytes));
}

/** RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime after. */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d{3}Z$/, "Z")
    .replace(/[-:T]/g, "");
  const isUtcTime = digits < "2050";
  return encode(isUtcTime ? 0x17 : 0x18, Buffer.from(isUtcTime ? digits.slice(2) : digits, "ascii"));
}
