import type { Buffer } from "node:buffer";
import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { type AlternativeName, requestedNames } from "./alternative-names.ts";
import { DerError, DerReader, derContext, derSequence } from "./der-reader.ts";
import { type DistinguishedName, distinguishedName } from "./distinguished-name.ts";

/** A PKCS #10 request (RFC 2986), as far as somebody asks. */
export interface CertificateRequest {
  subject: { commonName: string; organizations: string[] };
  /** The texts in the subject in their order, each with its type (`2.5.4.3`). */
  subjectTexts: DistinguishedName["texts"];
  alternativeNames: AlternativeName[];
  /** Undefined where its algorithm is not known. */
  publicKey: KeyObject | undefined;
  /** Why the request's own signature does not hold; undefined: it does. In the words of Go's crypto/x509. */
  signatureProblem(): string | undefined;
}

/** Throws DerError with what Go's x509.ParseCertificateRequest says. */
export function parseCertificateRequest(der: Buffer): CertificateRequest {
  const outer = new DerReader(der);
  const request = outer.enter(derSequence("certificateRequest"));
  const signed = request.take(derSequence("tbsCertificateRequest"));
  const inner = new DerReader(signed.body);
  inner.skipInteger();
  const subject = inner.any();
  const keyInfo = inner.take(derSequence("publicKeyInfo"));
  const key = new DerReader(keyInfo.body);
  const keyAlgorithm = algorithmOf(key);
  key.bitString();
  const attributes = inner.take(derContext(0)).body;
  const signatureAlgorithm = algorithmOf(request);
  const signature = request.bitString();
  if (!outer.isAtEnd) throw new DerError("asn1: syntax error: trailing data");
  const publicKey = publicKeyOf(keyAlgorithm, keyInfo.bytes);
  const { commonName, organizations, texts } = distinguishedName(subject.bytes);
  return {
    subject: { commonName, organizations },
    subjectTexts: texts,
    alternativeNames: requestedNames(attributes),
    publicKey,
    signatureProblem: () => signatureProblem(signatureAlgorithm, publicKey, signed.bytes, signature),
  };
}

interface Algorithm {
  id: string;
  parameters: Buffer | undefined;
}

function algorithmOf(reader: DerReader): Algorithm {
  const fields = reader.enter(derSequence("AlgorithmIdentifier"));
  const id = fields.objectIdentifier();
  return { id, parameters: fields.isAtEnd ? undefined : fields.any().bytes };
}

const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const ED25519 = "1.3.101.112";

/** Go's words for a key that cannot be read. */
const KEY_PROBLEMS: Record<string, string> = {
  [RSA]: "x509: invalid RSA public key",
  [EC]: "x509: failed to unmarshal elliptic curve point",
  [ED25519]: "x509: wrong Ed25519 public key size",
};
const NULL = "0500";
/** P-224, P-256, P-384, P-521. */
const CURVES = ["1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

function publicKeyOf({ id, parameters }: Algorithm, spki: Buffer): KeyObject | undefined {
  const problem = KEY_PROBLEMS[id];
  if (problem === undefined) return undefined;
  if (id === RSA && parameters?.toString("hex") !== NULL)
    throw new DerError("x509: RSA key missing NULL parameters");
  if (id === EC && !CURVES.includes(curveOf(parameters)))
    throw new DerError("x509: unsupported elliptic curve");
  try {
    return createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch {
    throw new DerError(problem);
  }
}

function curveOf(parameters: Buffer | undefined): string {
  try {
    if (parameters) return new DerReader(parameters).objectIdentifier();
  } catch {}
  throw new DerError("x509: invalid ECDSA parameters");
}

type KeyType = "RSA" | "ECDSA" | "Ed25519";

interface SignatureAlgorithm {
  key: KeyType;
  /** Undefined: the algorithm hashes by itself. */
  hash?: string;
  /** Read and refused. */
  insecure?: string;
}

const SIGNATURE_ALGORITHMS: Record<string, SignatureAlgorithm> = {
  "1.2.840.113549.1.1.4": { key: "RSA", insecure: "MD5-RSA" },
  "1.2.840.113549.1.1.5": { key: "RSA", hash: "sha1" },
  "1.3.14.3.2.29": { key: "RSA", hash: "sha1" },
  "1.2.840.113549.1.1.11": { key: "RSA", hash: "sha256" },
  "1.2.840.113549.1.1.12": { key: "RSA", hash: "sha384" },
  "1.2.840.113549.1.1.13": { key: "RSA", hash: "sha512" },
  "1.2.840.10045.4.1": { key: "ECDSA", hash: "sha1" },
  "1.2.840.10045.4.3.2": { key: "ECDSA", hash: "sha256" },
  "1.2.840.10045.4.3.3": { key: "ECDSA", hash: "sha384" },
  "1.2.840.10045.4.3.4": { key: "ECDSA", hash: "sha512" },
  [ED25519]: { key: "Ed25519" },
};
const RSA_PSS = "1.2.840.113549.1.1.10";
const GO_KEYS: Record<string, [KeyType, string]> = {
  rsa: ["RSA", "*rsa.PublicKey"],
  ec: ["ECDSA", "*ecdsa.PublicKey"],
  ed25519: ["Ed25519", "ed25519.PublicKey"],
};
const UNIMPLEMENTED = "x509: cannot verify signature: algorithm unimplemented";

function signatureProblem(
  { id, parameters }: Algorithm,
  key: KeyObject | undefined,
  signed: Buffer,
  signature: Buffer,
): string | undefined {
  const pssHash = id === RSA_PSS ? pssHashOf(parameters) : undefined;
  const algorithm = pssHash
    ? ({ key: "RSA", hash: pssHash } as SignatureAlgorithm)
    : SIGNATURE_ALGORITHMS[id];
  if (!algorithm) return UNIMPLEMENTED;
  if (algorithm.insecure) return `x509: cannot verify signature: insecure algorithm ${algorithm.insecure}`;
  const [keyType, goType] = GO_KEYS[key?.asymmetricKeyType ?? ""] ?? [];
  if (!key || !keyType) return UNIMPLEMENTED;
  if (keyType !== algorithm.key)
    return `x509: signature algorithm specifies an ${algorithm.key} public key, but have public key of type ${goType}`;
  const padding = pssHash ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  if (verify(algorithm.hash, signed, { key, ...padding }, signature)) return undefined;
  return keyType === "RSA" ? "crypto/rsa: verification error" : `x509: ${keyType} verification failure`;
}

/**
 * The hash of RSA-PSS, where its parameters say the usual: the same hash for the mask, a salt as long as it, the default
 * trailer.
 */
function pssHashOf(parameters: Buffer | undefined): string | undefined {
  const hex = parameters?.toString("hex") ?? "";
  const [, id, again, saltBytes] = PSS_PARAMETERS.exec(hex) ?? [];
  const [hash, length] = PSS_HASHES[id ?? ""] ?? [];
  return id === again && saltBytes === length ? hash : undefined;
}

/** RFC 4055 §3.1: hash, mask generation function 1 of a hash, length of the salt. */
const PSS_PARAMETERS =
  /^30..a0..30..0609(60864801650304020[123])(?:0500)?a1..30..06092a864886f70d01010830..0609(60864801650304020[123])(?:0500)?a2030201(..)$/;
const PSS_HASHES: Record<string, [hash: string, saltBytes: string]> = {
  "608648016503040201": ["sha256", "20"],
  "608648016503040202": ["sha384", "30"],
  "608648016503040203": ["sha512", "40"],
};
