import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import * as der from "./der.ts";

/** The parts of a certificate; names, keys and extensions are DER already. */
export interface CertificateParts {
  subject: Buffer;
  /** SubjectPublicKeyInfo. */
  publicKey: Buffer;
  issuer: { name: Buffer; privateKey: KeyObject };
  notBeforeMs: number;
  notAfterMs: number;
  extensions: readonly Buffer[];
}

export const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));

/** An X.509 v3 certificate (RFC 5280) signed with ECDSA and SHA-256, as PEM. */
export function signCertificate(parts: CertificateParts): string {
  const body = der.sequence(
    der.explicit(0, der.integer(2)),
    der.integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    parts.issuer.name,
    der.sequence(der.time(parts.notBeforeMs), der.time(parts.notAfterMs)),
    parts.subject,
    parts.publicKey,
    der.explicit(3, der.sequence(...parts.extensions)),
  );
  const signature = sign("sha256", body, parts.issuer.privateKey);
  return pem("CERTIFICATE", der.sequence(body, ECDSA_WITH_SHA256, der.bitString(signature)));
}

export function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").replace(/(.{64})/g, "$1\n");
  return `-----BEGIN ${label}-----\n${lines.trimEnd()}\n-----END ${label}-----\n`;
}

/** Whose key signed it (RFC 5280 §4.2.1.1). */
export function authorityKeyExtension(issuerKey: KeyObject): Buffer {
  const identifier = keyIdentifier(createPublicKey(issuerKey));
  return extension("2.5.29.35", false, der.sequence(der.implicit(0, identifier)));
}

export const bits = (value: number, unused: number) => der.bitString(Buffer.from([value]), unused);

/** RFC 5280 §4.2: what is critical must be understood. */
export function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(id), ...flag, der.octetString(value));
}

/** RFC 7093 method 1: the first 160 bits of the SHA-256 of the public key. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(-65);
  return createHash("sha256").update(point).digest().subarray(0, 20);
}
