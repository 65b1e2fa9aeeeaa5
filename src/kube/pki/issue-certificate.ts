import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import * as der from "./der.ts";
import {
  authorityKeyExtension,
  bits,
  extension,
  keyIdentifier,
  signCertificate,
} from "./sign-certificate.ts";

export interface Subject {
  commonName: string;
  organizations?: readonly string[];
}

export interface CertificateRequest {
  subject: Subject;
  publicKey: KeyObject;
  issuer: { subject: Subject; privateKey: KeyObject };
  usage: "authority" | "server" | "client";
  /** DNS names and IP addresses of a server. */
  names?: readonly string[];
  notBeforeMs: number;
  notAfterMs: number;
}

const EXTENDED_KEY_USAGE = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

export function generateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** A certificate for a part of the program, as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const { issuer, publicKey, notBeforeMs, notAfterMs } = request;
  return signCertificate({
    subject: distinguishedName(request.subject),
    publicKey: publicKey.export({ type: "spki", format: "der" }),
    issuer: { name: distinguishedName(issuer.subject), privateKey: issuer.privateKey },
    notBeforeMs,
    notAfterMs,
    extensions: extensions(request),
  });
}

/** Each organization on its own, and last the common name. */
export function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) =>
    der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
  return der.sequence(
    ...organizations.map((organization) => attribute("2.5.4.10", organization)),
    attribute("2.5.4.3", commonName),
  );
}

function extensions(request: CertificateRequest): Buffer[] {
  const isAuthority = request.usage === "authority";
  const list = [
    // digitalSignature (and keyEncipherment), or for an authority digitalSignature and keyCertSign (RFC 5280 §4.2.1.3).
    extension("2.5.29.15", true, isAuthority ? bits(0b1000_0100, 2) : bits(0b1010_0000, 5)),
    extension("2.5.29.19", true, der.sequence(...(isAuthority ? [der.boolean(true)] : []))),
    extension("2.5.29.14", false, der.octetString(keyIdentifier(request.publicKey))),
    authorityKeyExtension(request.issuer.privateKey),
  ];
  if (request.usage !== "authority") {
    const usage = der.objectIdentifier(EXTENDED_KEY_USAGE[request.usage]);
    list.push(extension("2.5.29.37", false, der.sequence(usage)));
  }
  if (request.names?.length) {
    list.push(extension("2.5.29.17", false, der.sequence(...request.names.map(generalName))));
  }
  return list;
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7]. */
export function generalName(name: string): Buffer {
  if (isIP(name) === 4) return der.implicit(7, Buffer.from(name.split(".").map(Number)));
  if (isIP(name) === 6) return der.implicit(7, ipv6Bytes(name));
  return der.implicit(2, Buffer.from(name, "ascii"));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes out an embedded IPv4 part as two groups.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...new Array<string>(zeros).fill("0"), ...right];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
