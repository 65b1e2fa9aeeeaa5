import { DNS_HEADER_BYTES } from "./dns-message.ts";

const TYPE_SOA = 6;
const TYPE_OPT = 41;
const NXDOMAIN = 3;

/** How long a response may be told again, and where its times to live stand. */
export interface DnsLifetime {
  /** Seconds, by the records (RFC 1035 §3.2.1) or, for what is not there, by the zone's SOA (RFC 2308 §5); undefined: not at all. */
  seconds: number | undefined;
  /** Of something that there is not: a name, or records of the type. */
  isNegative: boolean;
  /** Offsets of the TTL fields of all records except OPT, whose field means something else (RFC 6891 §6.1.3). */
  ttlOffsets: number[];
}

/** Undefined for bytes that are no whole message. */
export function lifetimeOf(message: Buffer): DnsLifetime | undefined {
  try {
    return readLifetime(message);
  } catch (error) {
    // A read beyond the end: the message is shorter than it says.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readLifetime(message: Buffer): DnsLifetime | undefined {
  let offset = questionEnd(message);
  const [answers, authorities, additionals] = [6, 8, 10].map((at) => message.readUInt16BE(at));
  const isNegative = (message[3]! & 0xf) === NXDOMAIN || answers === 0;
  const ttlOffsets: number[] = [];
  let seconds: number | undefined;
  let hasSoa = false;
  const shorten = (other: number) => {
    seconds = Math.min(seconds ?? other, other);
  };
  for (let index = 0; index < answers! + authorities! + additionals!; index++) {
    offset = nameEnd(message, offset);
    const type = message.readUInt16BE(offset);
    const ttl = Math.max(0, message.readInt32BE(offset + 4));
    const end = offset + 10 + message.readUInt16BE(offset + 8);
    if (end > message.length) return undefined;
    if (type !== TYPE_OPT) ttlOffsets.push(offset + 4);
    const isAuthority = index >= answers! && index < answers! + authorities!;
    if (index < answers!) shorten(ttl);
    if (isNegative && isAuthority && type === TYPE_SOA) {
      hasSoa = true;
      // The SOA's last field is its MINIMUM.
      shorten(Math.min(ttl, message.readUInt32BE(end - 4)));
    }
    offset = end;
  }
  return { seconds: isNegative && !hasSoa ? undefined : seconds, isNegative, ttlOffsets };
}

/** Where the one question of a message ends. */
export function questionEnd(message: Buffer): number {
  return message.readUInt16BE(4) === 0 ? DNS_HEADER_BYTES : nameEnd(message, DNS_HEADER_BYTES) + 4;
}

function nameEnd(message: Buffer, start: number): number {
  let offset = start;
  for (;;) {
    const length = message.readUInt8(offset);
    if (length === 0) return offset + 1;
    // A pointer ends a name (RFC 1035 §4.1.4).
    if (length >= 0xc0) return offset + 2;
    offset += 1 + length;
  }
}
