import type { Buffer } from "node:buffer";
import { DER_OCTET_STRING, DerError, DerReader, derSequence, derSet } from "./der-reader.ts";

/** A name by which somebody is known besides the subject (RFC 5280 §4.2.1.6); of an address the bytes. */
export interface AlternativeName {
  type: "email" | "dns" | "uri" | "ip";
  value: Buffer;
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const ALTERNATIVE_NAMES = "2.5.29.17";
const NAME_TYPES: Record<number, [AlternativeName["type"], string]> = {
  1: ["email", "rfc822Name"],
  2: ["dns", "dNSName"],
  6: ["uri", "uniformResourceIdentifier"],
};
const IP_TAG = 7;
const CONTEXT_SPECIFIC = 2;
const BOOLEAN_TAG = 1;

/** The alternative names that the attributes of a certificate request ask for. Throws DerError in the words of Go's crypto/x509. */
export function requestedNames(attributes: Buffer): AlternativeName[] {
  const known = new Set<string>();
  const names: AlternativeName[] = [];
  for (const { id, value } of extensionsIn(attributes)) {
    if (known.has(id))
      throw new DerError("x509: certificate request contains duplicate requested extensions");
    known.add(id);
    if (id === ALTERNATIVE_NAMES) names.push(...parseAlternativeNames(value));
  }
  return names;
}

interface Extension {
  id: string;
  value: Buffer;
}

/** Attributes that make no sense are passed over, as Go does. */
function extensionsIn(attributes: Buffer): Extension[] {
  const reader = new DerReader(attributes);
  const found: Extension[] = [];
  while (!reader.isAtEnd) {
    const list = extensionRequest(reader.any().bytes);
    if (list)
      for (const one of new DerReader(list).enter(derSequence("[]pkix.Extension")).all(derSequence("")))
        found.push(extensionOf(one));
  }
  return found;
}

function extensionRequest(attribute: Buffer): Buffer | undefined {
  try {
    const fields = new DerReader(attribute).enter(derSequence("pkcs10Attribute"));
    const id = fields.objectIdentifier();
    const values = fields.enter(derSet("Values"));
    const first = values.any().bytes;
    return id === EXTENSION_REQUEST ? first : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function extensionOf(fields: DerReader): Extension {
  const id = fields.objectIdentifier();
  const next = fields.any();
  const isFlag = next.class === 0 && next.tag === BOOLEAN_TAG;
  const value = isFlag ? fields : new DerReader(next.bytes);
  return { id, value: value.take(DER_OCTET_STRING).body };
}

function parseAlternativeNames(value: Buffer): AlternativeName[] {
  const outer = new DerReader(value);
  const reader = malformed("x509: invalid subject alternative names", () => outer.enter(derSequence("")));
  const names: AlternativeName[] = [];
  while (!reader.isAtEnd) {
    const element = malformed("x509: invalid subject alternative name", () => reader.any());
    if (element.class !== CONTEXT_SPECIFIC) continue;
    const [type, name] = NAME_TYPES[element.tag] ?? [];
    if (type) {
      if (element.body.some((byte) => byte > 0x7f)) throw new DerError(`x509: SAN ${name} is malformed`);
      names.push({ type, value: element.body });
    } else if (element.tag === IP_TAG) {
      const { length } = element.body;
      if (length !== 4 && length !== 16)
        throw new DerError(`x509: cannot parse IP address of length ${length}`);
      names.push({ type: "ip", value: element.body });
    }
  }
  return names;
}

function malformed<T>(why: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DerError ? new DerError(why) : error;
  }
}
