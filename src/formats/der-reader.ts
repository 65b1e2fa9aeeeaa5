import type { Buffer } from "node:buffer";

/** What is wrong with a text in DER (X.690), in the words of Go's encoding/asn1. */
export class DerError extends Error {}

const syntaxError = (why: string) => new DerError(`asn1: syntax error: ${why}`);
const structuralError = (why: string) => new DerError(`asn1: structure error: ${why}`);

/** What stands in a place: the name of Go's type is told where something else is found. */
export interface DerType {
  name: string;
  class?: number;
  tag: number;
  isCompound: boolean;
}

const CONTEXT_SPECIFIC = 2;

export const DER_INTEGER: DerType = { name: "int", tag: 2, isCompound: false };
export const DER_BIT_STRING: DerType = { name: "BitString", tag: 3, isCompound: false };
export const DER_OCTET_STRING: DerType = { name: "[]uint8", tag: 4, isCompound: false };
export const DER_OBJECT_IDENTIFIER: DerType = { name: "ObjectIdentifier", tag: 6, isCompound: false };
export const derSequence = (name: string): DerType => ({ name, tag: 16, isCompound: true });
export const derSet = (name: string): DerType => ({ name, tag: 17, isCompound: true });
/** `[n] IMPLICIT` around a list. */
export const derContext = (tag: number): DerType => ({
  name: "",
  class: CONTEXT_SPECIFIC,
  tag,
  isCompound: true,
});

export interface DerElement {
  class: number;
  tag: number;
  isCompound: boolean;
  body: Buffer;
  /** With its head. */
  bytes: Buffer;
}

interface Head {
  class: number;
  tag: number;
  length: number;
  isCompound: boolean;
}

/** Reads the elements of a DER text one after the other. */
export class DerReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The next element, whatever it is. */
  any(): DerElement {
    const start = this.#offset;
    const head = this.#head();
    return this.#element(head, start);
  }

  /** The next element, which is of this type. */
  take(type: DerType): DerElement {
    const start = this.#offset;
    const head = this.#head();
    if (!isOfType(head, type)) throw structuralError(mismatch(type, head, this.#offset));
    return this.#element(head, start);
  }

  /** The elements inside of the next one. */
  enter(type: DerType): DerReader {
    return new DerReader(this.take(type).body);
  }

  /** The bodies of all elements that are left, which are of one type. */
  all(type: DerType): DerReader[] {
    const readers: DerReader[] = [];
    while (!this.isAtEnd) {
      const start = this.#offset;
      const head = this.#head();
      if (!isOfType(head, type)) throw structuralError("sequence tag mismatch");
      readers.push(new DerReader(this.#element(head, start, "truncated sequence").body));
    }
    return readers;
  }

  /** Passes over a whole number. */
  skipInteger(): void {
    const { body } = this.take(DER_INTEGER);
    if (body.length === 0) throw structuralError("empty integer");
    const [first, second = first] = body as unknown as [number, number?];
    const isPadded = (first === 0 && (second! & 0x80) === 0) || (first === 0xff && (second! & 0x80) !== 0);
    if (body.length > 1 && isPadded) throw structuralError("integer not minimally-encoded");
  }

  objectIdentifier(): string {
    return dotted(this.take(DER_OBJECT_IDENTIFIER).body);
  }

  /** Of whole bytes. */
  bitString(): Buffer {
    const { body } = this.take(DER_BIT_STRING);
    if (body.length === 0) throw syntaxError("zero length BIT STRING");
    const padding = body[0]!;
    const isPadded = padding <= 7 && (body.length > 1 || padding === 0);
    if (!isPadded || (body.at(-1)! & ((1 << padding) - 1)) !== 0)
      throw syntaxError("invalid padding bits in BIT STRING");
    return body.subarray(1);
  }

  #element(head: Head, start: number, whenCut = "data truncated"): DerElement {
    const bodyStart = this.#offset;
    const end = bodyStart + head.length;
    if (end > this.#bytes.length) throw syntaxError(whenCut);
    this.#offset = end;
    const { class: tagClass, tag, isCompound } = head;
    const body = this.#bytes.subarray(bodyStart, end);
    return { class: tagClass, tag, isCompound, body, bytes: this.#bytes.subarray(start, end) };
  }

  #head(): Head {
    if (this.isAtEnd) throw syntaxError("sequence truncated");
    const first = this.#byte();
    const head = { class: first >> 6, tag: first & 0x1f, length: 0, isCompound: (first & 0x20) !== 0 };
    if (head.tag === 0x1f) head.tag = this.#longTag();
    head.length = this.#length();
    return head;
  }

  #longTag(): number {
    let tag = 0;
    for (let bytes = 0; ; bytes++) {
      if (this.isAtEnd) throw syntaxError("truncated base 128 integer");
      const next = this.#byte();
      if (bytes === 0 && next === 0x80) throw syntaxError("integer is not minimally encoded");
      if (bytes === 4) throw structuralError("base 128 integer too large");
      tag = tag * 128 + (next & 0x7f);
      if ((next & 0x80) === 0) break;
    }
    if (tag < 0x1f) throw syntaxError("non-minimal tag");
    return tag;
  }

  #length(): number {
    const first = this.#byte();
    if ((first & 0x80) === 0) return first;
    if (first === 0x80) throw syntaxError("indefinite length found (not DER)");
    let length = 0;
    for (let left = first & 0x7f; left > 0; left--) {
      const next = this.#byte();
      if (length >= 1 << 23) throw structuralError("length too large");
      length = length * 256 + next;
      if (length === 0) throw structuralError("superfluous leading zeros in length");
    }
    if (length < 0x80) throw structuralError("non-minimal length");
    return length;
  }

  #byte(): number {
    if (this.isAtEnd) throw syntaxError("truncated tag or length");
    return this.#bytes[this.#offset++]!;
  }
}

const isOfType = (head: Head, type: DerType) =>
  head.class === (type.class ?? 0) && head.tag === type.tag && head.isCompound === type.isCompound;

function mismatch({ tag, name, class: tagClass }: DerType, head: Head, offset: number): string {
  const found = `{class:${head.class} tag:${head.tag} length:${head.length} isCompound:${head.isCompound}}`;
  const given = tagClass === undefined ? "<nil>" : "0xc000000000";
  const parameters = `{optional:false explicit:false application:false private:false defaultValue:<nil> tag:${given} stringType:0 timeType:0 set:false omitEmpty:false}`;
  return `tags don't match (${tag} vs ${found}) ${parameters} ${name} @${offset}`;
}

function dotted(bytes: Buffer): string {
  if (bytes.length === 0) throw syntaxError("zero length OBJECT IDENTIFIER");
  if ((bytes.at(-1)! & 0x80) !== 0) throw syntaxError("truncated base 128 integer");
  const arcs: number[] = [];
  let value = 0;
  let isFirst = true;
  for (const byte of bytes) {
    if (isFirst && byte === 0x80) throw syntaxError("integer is not minimally encoded");
    isFirst = (byte & 0x80) === 0;
    value = value * 128 + (byte & 0x7f);
    if (!isFirst) continue;
    arcs.push(value);
    value = 0;
  }
  const first = arcs.shift()!;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...arcs].join(".");
}
