import { createHash, type Hash } from "node:crypto";
import { invalidArgument } from "../base/index.ts";

export type DigestAlgorithm = "sha256" | "sha512";

/** A content digest, `sha256:<64 hex digits>` or `sha512:<128 hex digits>` (OCI image-spec, descriptor.md). */
export interface Digest {
  algorithm: DigestAlgorithm;
  hex: string;
}

const HEX_LENGTH: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 };

export function parseDigest(text: string): Digest {
  const digest = tryParseDigest(text);
  if (!digest) {
    throw invalidArgument(`invalid digest ${JSON.stringify(text.slice(0, 200))}`, { code: "Digest.Invalid" });
  }
  return digest;
}

export function tryParseDigest(text: string): Digest | undefined {
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, colon);
  if (algorithm !== "sha256" && algorithm !== "sha512") return undefined;
  const hex = text.slice(colon + 1);
  return hex.length === HEX_LENGTH[algorithm] && /^[0-9a-f]+$/.test(hex) ? { algorithm, hex } : undefined;
}

export function isDigest(text: string): boolean {
  return tryParseDigest(text) !== undefined;
}

export function newDigestHash(algorithm: DigestAlgorithm = "sha256"): Hash {
  return createHash(algorithm);
}

export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** The 12 hex digits that Docker shows of an id or digest. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(":") + 1).slice(0, 12);
}
