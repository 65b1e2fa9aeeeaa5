import { sign, verify } from "node:crypto";
import type { TokenSigningKey } from "../certificates.ts";

const MAX_HEAD_CHARACTERS = 512;

/** A compact JSON web signature (RFC 7515) with ES256, the one algorithm that is made and accepted. */
export function signToken(claims: object, key: TokenSigningKey): string {
  const head = encode({ alg: "ES256", kid: key.keyId });
  const content = `${head}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(content), {
    key: key.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  return `${content}.${signature.toString("base64url")}`;
}

/** The claims of a token that `key` has signed; undefined for any other text. */
export function verifyToken(token: string, key: TokenSigningKey): Record<string, unknown> | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const [head, claims, signature] = parts as [string, string, string];
  // Read before anything is proven: ours name an algorithm and a key, and are short.
  if (head.length > MAX_HEAD_CHARACTERS || decode(head)?.alg !== "ES256") return undefined;
  const isSigned = verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    { key: key.publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  return isSigned ? decode(claims) : undefined;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
