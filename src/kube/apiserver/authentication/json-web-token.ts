import type { KeyObject } from "node:crypto";
import type { TokenSigningKey } from "../certificates.ts";
import { algorithmOfKey, isSignedWith, isSigningAlgorithm, signatureOf } from "./json-web-signature.ts";

const MAX_HEAD_CHARACTERS = 512;

export type Claims = Record<string, unknown>;

/** What somebody's tokens are proven with. */
export interface VerificationKey {
  publicKey: KeyObject;
  keyId: string;
}

/** A compact JSON web signature (RFC 7515) with the algorithm of the key. */
export function signToken(claims: object, key: TokenSigningKey): string {
  const alg = algorithmOfKey(key.privateKey)!;
  const text = `${encode({ alg, kid: key.keyId })}.${encode(claims)}`;
  return `${text}.${signatureOf(text, alg, key.privateKey).toString("base64url")}`;
}

/** The parts of a token, of which nothing is proven yet; undefined for any other text. */
export interface UnprovenToken {
  algorithm: unknown;
  keyId: unknown;
  /** Whether its head demands that more is understood (RFC 7515 §4.1.11), which nobody here does. */
  isCritical: boolean;
  /** What is signed. */
  text: string;
  signature: Buffer;
  claims(): Claims | undefined;
}

/** `maxHeadCharacters`: tokens with a longer head are none. */
export function splitToken(
  token: string,
  maxHeadCharacters = MAX_HEAD_CHARACTERS,
): UnprovenToken | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const [head, claims, signature] = parts as [string, string, string];
  // Read before anything is proven: it names an algorithm and a key, and is short.
  const fields = head.length > maxHeadCharacters ? undefined : decode(head);
  return (
    fields && {
      algorithm: fields.alg,
      keyId: fields.kid,
      isCritical: fields.crit !== undefined,
      text: `${head}.${claims}`,
      signature: Buffer.from(signature, "base64url"),
      claims: () => decode(claims),
    }
  );
}

/** The claims of a token that one of the keys has signed; undefined for any other text. */
export function verifyToken(token: string, keys: readonly VerificationKey[]): Claims | undefined {
  const unproven = splitToken(token);
  if (!unproven || !isSigningAlgorithm(unproven.algorithm) || unproven.isCritical) return undefined;
  const { text, signature, algorithm, keyId } = unproven;
  const named = keys.filter((key) => key.keyId === keyId);
  const signer = (named.length > 0 ? named : keys).find(({ publicKey }) =>
    isSignedWith({ text, signature, algorithm }, publicKey),
  );
  return signer && unproven.claims();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
