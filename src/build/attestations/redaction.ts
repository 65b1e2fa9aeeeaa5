import { isSecretName } from "../secret-names.ts";

const MASK = "xxxxx";
/** Shorter ones would be found everywhere. */
const MIN_SECRET_CHARACTERS = 4;

/** An address without a name and a password in it (moby/buildkit, util/urlutil: a name alone may be a token). */
export function withoutUserInfo(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)([^/@]*)@/i, (_, scheme: string, user: string) => {
    return `${scheme}${user.includes(":") ? `${MASK}:${MASK}` : MASK}@`;
  });
}

/**
 * A copy of a document without the values of arguments that are secrets by their names. BuildKit would tell them; they are told of
 * everywhere that the definition has them.
 */
export function withoutSecretArguments<T>(document: T, options: Readonly<Record<string, string>>): T {
  const secrets = Object.entries(options).flatMap(([key, value]) => {
    const name = key.startsWith("build-arg:") ? key.slice("build-arg:".length) : "";
    return isSecretName(name) && value.length >= MIN_SECRET_CHARACTERS ? [value] : [];
  });
  if (secrets.length === 0) return document;
  const mask = (text: string) => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return masked(document, mask) as T;
}

function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((one) => masked(one, mask));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [mask(key), masked(one, mask)]));
}
