import { createPublicKey, type KeyObject, sign } from "node:crypto";
import * as der from "./der.ts";
import { distinguishedName, generalName, type Subject } from "./issue-certificate.ts";
import { ECDSA_WITH_SHA256, extension, pem } from "./sign-certificate.ts";

export interface RequestedCertificate {
  subject: Subject;
  privateKey: KeyObject;
  /** DNS names and IP addresses. */
  names?: readonly string[];
}

/** extensionRequest (RFC 2985 §5.4.2). */
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

/** A certification request (PKCS #10, RFC 2986) that its key signs, as PEM. */
export function createRequest({ subject, privateKey, names = [] }: RequestedCertificate): string {
  const extensions =
    names.length === 0 ? [] : [extension("2.5.29.17", false, der.sequence(...names.map(generalName)))];
  const attributes = extensions.map((one) =>
    der.sequence(der.objectIdentifier(EXTENSION_REQUEST), der.set(der.sequence(one))),
  );
  const info = der.sequence(
    der.integer(0),
    distinguishedName(subject),
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    der.explicit(0, ...attributes),
  );
  const signature = sign("sha256", info, privateKey);
  return pem("CERTIFICATE REQUEST", der.sequence(info, ECDSA_WITH_SHA256, der.bitString(signature)));
}
