import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";
import * as der from "./der.ts";

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

const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));
const EXTENDED_KEY_USAGE = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

export function generateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** An X.509 v3 certificate (RFC 5280) signed with ECDSA and SHA-256, as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const { issuer } = request;
  const body = der.sequence(
    der.explicit(0, der.integer(2)),
    der.integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.subject),
    der.sequence(der.time(request.notBeforeMs), der.time(request.notAfterMs)),
    distinguishedName(request.subject),
    request.publicKey.export({ type: "spki", format: "der" }),
    der.explicit(3, der.sequence(...extensions(request))),
  );
  const signature = sign("sha256", body, issuer.privateKey);
  return pem("CERTIFICATE", der.sequence(body, ECDSA_WITH_SHA256, der.bitString(signature)));
}

export function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").replace(/(.{64})/g, "$1\n");
  return `-----BEGIN ${label}-----\n${lines.trimEnd()}\n-----END ${label}-----\n`;
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) =>
    der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)));
  return der.sequence(
    ...organizations.map((organization) => attribute("2.5.4.10", organization)),
    attribute("2.5.4.3", commonName),
  );
}

function extensions(request: CertificateRequest): Buffer[] {
  const isAuthority = request.usage === "authority";
  const issuerKey = keyIdentifier(createPublicKey(request.issuer.privateKey));
  const list = [
    // digitalSignature (and keyEncipherment), or for an authority digitalSignature and keyCertSign (RFC 5280 §4.2.1.3).
    extension("2.5.29.15", true, isAuthority ? bits(0b1000_0100, 2) : bits(0b1010_0000, 5)),
    extension("2.5.29.19", true, der.sequence(...(isAuthority ? [der.boolean(true)] : []))),
    extension("2.5.29.14", false, der.octetString(keyIdentifier(request.publicKey))),
    extension("2.5.29.35", false, der.sequence(der.implicit(0, issuerKey))),
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

const bits = (value: number, unused: number) => der.bitString(Buffer.from([value]), unused);

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(id), ...flag, der.octetString(value));
}

/** RFC 7093 method 1: the first 160 bits of the SHA-256 of the public key. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(-65);
  return createHash("sha256").update(point).digest().subarray(0, 20);
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7]. */
function generalName(name: string): Buffer {
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
