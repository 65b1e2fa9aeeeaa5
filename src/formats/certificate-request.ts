import {
  DER_TAGS,
  derError,
  derObjectIdentifier,
  derText,
  expectDer,
  readDerSequence,
  readDerValues,
} from "./der-reader.ts";
import { pemBlocks } from "./pem.ts";

/** A request for a certificate (PKCS #10, RFC 2986), as far as it is looked at. */
export interface CertificateSigningRequest {
  commonName: string;
  organizations: string[];
}

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";

/** Reads the first block of a text in PEM. Its signature is not checked. Throws InvalidArgument with Go's messages. */
export function parseCertificateSigningRequest(pem: string): CertificateSigningRequest {
  const block = pemBlocks(pem)[0];
  if (block?.label !== "CERTIFICATE REQUEST") throw derError("PEM block type must be CERTIFICATE REQUEST");
  const [outer, ...rest] = readDerValues(block.bytes);
  const [info, algorithm, signature] = readDerSequence(outer);
  if (rest.length > 0) throw derError("asn1: syntax error: trailing data");
  readDerSequence(algorithm);
  expectDer(signature, DER_TAGS.bitString);
  const [version, subject, publicKey] = readDerSequence(info);
  expectDer(version, DER_TAGS.integer);
  readDerSequence(publicKey);
  const attributes = readDerSequence(subject)
    .flatMap((relative) => readDerSequence(relative, DER_TAGS.set))
    .map((pair) => {
      const [type, value] = readDerSequence(pair);
      if (value === undefined) throw derError("asn1: syntax error: sequence truncated");
      return { type: derObjectIdentifier(expectDer(type, DER_TAGS.objectIdentifier)), text: derText(value) };
    });
  return {
    commonName: attributes.findLast(({ type }) => type === COMMON_NAME)?.text ?? "",
    organizations: attributes.filter(({ type }) => type === ORGANIZATION).map(({ text }) => text),
  };
}
