import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { type Clock, errorMessage } from "../../../../base/index.ts";
import type { RemoteAnswer } from "../../../../http/index.ts";
import { isSignedWith, type SigningAlgorithm } from "../json-web-signature.ts";
import { type IssuerClient, jsonOf } from "./issuer-client.ts";

interface PublishedKey {
  keyId: string | undefined;
  key: KeyObject;
}

export interface SignedText {
  text: string;
  signature: Buffer;
  algorithm: SigningAlgorithm;
  /** As the token names it; keys of any name are tried where it names none. */
  keyId: string | undefined;
}

/** Keys that are about to end are read again. */
const EXPIRY_DELTA_MS = 30_000;
/** More keys than anybody has are not tried one after the other. */
const MAX_KEYS = 256;

/**
 * The keys of an issuer as it publishes them. They are read when a signature is of none that is known and they have lived as
 * long as the issuer said; so keys that are changed are found, and an issuer that is away is not missed (go-oidc's
 * RemoteKeySet).
 */
export class RemoteKeySet {
  readonly #url: string;
  readonly #client: IssuerClient;
  readonly #clock: Clock;
  #keys: readonly PublishedKey[] = [];
  #expiresAtMs = 0;
  #reading: Promise<readonly PublishedKey[]> | undefined;

  constructor({ url, client, clock }: { url: string; client: IssuerClient; clock: Clock }) {
    this.#url = url;
    this.#client = client;
    this.#clock = clock;
  }

  /** Throws where the signature is of none of the keys, or these cannot be read. */
  async verify(signed: SignedText): Promise<void> {
    if (isSignedByOneOf(this.#keys, signed)) return;
    const isFresh = this.#clock.monotonicMs() + EXPIRY_DELTA_MS <= this.#expiresAtMs;
    if (!isFresh && isSignedByOneOf(await this.#read(), signed)) return;
    throw new Error("failed to verify id token signature");
  }

  /** One reading for all that wait. */
  #read(): Promise<readonly PublishedKey[]> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<readonly PublishedKey[]> {
    try {
      const answer = await this.#client.get(this.#url);
      const { keys } = jsonOf(answer);
      if (!Array.isArray(keys)) throw new Error("there is no list of keys");
      this.#keys = keys.slice(0, MAX_KEYS).flatMap(publishedKey);
      this.#expiresAtMs = this.#clock.monotonicMs() + maxAgeMs(answer);
      return this.#keys;
    } catch (error) {
      throw new Error(`fetching keys oidc: get keys failed ${errorMessage(error)}`, { cause: error });
    }
  }
}

function isSignedByOneOf(keys: readonly PublishedKey[], { keyId, ...signed }: SignedText): boolean {
  return keys.some((one) => (keyId === undefined || one.keyId === keyId) && isSignedWith(signed, one.key));
}

/** What is no public key of a known sort is passed over: a set may hold keys for other purposes. */
function publishedKey(jwk: unknown): PublishedKey[] {
  try {
    const { kid } = jwk as { kid?: unknown };
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    return [{ keyId: typeof kid === "string" ? kid : undefined, key }];
  } catch {
    return [];
  }
}

/** How long an answer may be kept (RFC 9111 §5.2.2); 0 where it does not say. */
function maxAgeMs({ headers }: RemoteAnswer): number {
  const control = headers["cache-control"] ?? "";
  if (/\bno-(?:store|cache)\b/i.test(control)) return 0;
  const [, seconds = "0"] = /\bmax-age="?(\d{1,9})\b/i.exec(control) ?? [];
  return Number(seconds) * 1000;
}
