import { type Buffer, isUtf8 } from "node:buffer";
import { type DerElement, DerError, DerReader, derSequence, derSet } from "./der-reader.ts";

/** Who a certificate speaks of, as far as Kubernetes asks. */
export interface DistinguishedName {
  /** The last one; empty where there is none. */
  commonName: string;
  organizations: string[];
  /** Values of Kubernetes' own attribute for a user's id. */
  userIds: string[];
  /** All that is text, in its order, each with its type (`2.5.4.3`). */
  texts: [type: string, text: string][];
}

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";
/** KEP 5009, under the number of the Linux Foundation. */
const USER_ID = "1.3.6.1.4.1.57683.2";

/** Reads a name in DER (RFC 5280 §4.1.2.4), as Go's crypto/x509 does. Throws DerError. */
export function distinguishedName(der: Buffer): DistinguishedName {
  const name: DistinguishedName = { commonName: "", organizations: [], userIds: [], texts: [] };
  const sets = new DerReader(der)
    .enter(derSequence("RDNSequence"))
    .all(derSet("RelativeDistinguishedNameSET"));
  for (const attribute of sets.flatMap((set) => set.all(derSequence("AttributeTypeAndValue")))) {
    const type = attribute.objectIdentifier();
    const value = textOf(attribute.any());
    if (value === undefined) continue;
    name.texts.push([type, value]);
    if (type === COMMON_NAME) name.commonName = value;
    if (type === ORGANIZATION) name.organizations.push(value);
    if (type === USER_ID) name.userIds.push(value);
  }
  return name;
}

/** The name of whom a certificate (RFC 5280 §4.1) was given to. Throws DerError. */
export function subjectOfCertificate(der: Buffer): DistinguishedName {
  const fields = new DerReader(der).enter(derSequence("Certificate")).enter(derSequence("TBSCertificate"));
  const isOfVersion1 = fields.any().class === 0;
  // Serial number, algorithm, issuer, validity; the version stands before them where there is one.
  for (let left = isOfVersion1 ? 3 : 4; left > 0; left--) fields.any();
  return distinguishedName(fields.any().bytes);
}

const UTF8_STRING = 12;
const PRINTABLE_STRING = 19;
/** IA5String, NumericString, T61String. */
const BYTE_STRINGS = [22, 18, 20];

/** Undefined for what is no text. */
function textOf({ class: tagClass, tag, body }: DerElement): string | undefined {
  if (tagClass !== 0) return undefined;
  if (tag === UTF8_STRING) {
    if (!isUtf8(body)) throw new DerError("asn1: invalid UTF-8 string");
    return body.toString("utf8");
  }
  if (tag === PRINTABLE_STRING) {
    const text = body.toString("latin1");
    if (/^[A-Za-z0-9 '()+,\-./:=?*&]*$/.test(text)) return text;
    throw new DerError("asn1: syntax error: PrintableString contains invalid character");
  }
  return BYTE_STRINGS.includes(tag) ? body.toString("latin1") : undefined;
}
