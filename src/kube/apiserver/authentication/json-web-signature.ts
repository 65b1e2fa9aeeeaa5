import { constants, type KeyObject, sign, verify } from "node:crypto";

/** The asymmetric algorithms of JSON web signatures (RFC 7518 §3.1). */
export const SIGNING_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export const isSigningAlgorithm = (name: unknown): name is SigningAlgorithm =>
  (SIGNING_ALGORITHMS as readonly unknown[]).includes(name);

const CURVES: Record<string, SigningAlgorithm> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

/** What a key signs with, as upstream chooses; undefined for keys that it does not take. */
export function algorithmOfKey(key: KeyObject): SigningAlgorithm | undefined {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  if (key.asymmetricKeyType === "ec") return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
  return undefined;
}

export function signatureOf(text: string, algorithm: SigningAlgorithm, key: KeyObject): Buffer {
  return sign(hashOf(algorithm), Buffer.from(text), { key, ...paddingOf(algorithm) });
}

/** Whether `key` has signed `text` with this algorithm, which must be one of its kind. */
export function isSignedWith(
  { text, signature, algorithm }: { text: string; signature: Buffer; algorithm: SigningAlgorithm },
  key: KeyObject,
): boolean {
  const own = algorithmOfKey(key);
  const isOfKind = own === "RS256" ? !algorithm.startsWith("ES") : own === algorithm;
  return (
    isOfKind && verify(hashOf(algorithm), Buffer.from(text), { key, ...paddingOf(algorithm) }, signature)
  );
}

const hashOf = (algorithm: SigningAlgorithm) => `sha${algorithm.slice(2)}`;

function paddingOf(algorithm: SigningAlgorithm) {
  switch (algorithm.slice(0, 2)) {
    case "ES":
      return { dsaEncoding: "ieee-p1363" as const };
    case "PS":
      // As long as the hash (RFC 7518 §3.5).
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    default:
      return { padding: constants.RSA_PKCS1_PADDING };
  }
}
