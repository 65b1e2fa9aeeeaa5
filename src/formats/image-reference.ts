import { invalidArgument } from "../base/index.ts";
import { isDigest } from "./digest.ts";

/**
 * An image's name in canonical form: `docker.io` and `library/` are spelled out. The grammar is the one of
 * the distribution project's `reference` package, which Docker and Kubernetes use.
 */
export interface ImageReference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000`. */
  domain: string;
  /** `library/busybox`. */
  path: string;
  tag?: string;
  digest?: string;
}

const DEFAULT_DOMAIN = "docker.io";
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const MAX_NAME_LENGTH = 255;

/** Parses a familiar or canonical name; InvalidArgument (`Reference.Invalid`) with Docker's message otherwise. */
export function parseImageReference(text: string): ImageReference {
  if (text === "") throw invalid("invalid reference format");
  if (text.length > 1024)
    throw invalid(`repository name must not be more than ${MAX_NAME_LENGTH} characters`);
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const { domain, remainder } = splitDomain(named);
  const colon = remainder.indexOf(":");
  const tag = colon < 0 ? undefined : remainder.slice(colon + 1);
  const path = colon < 0 ? remainder : remainder.slice(0, colon);
  if (path.toLowerCase() !== path) {
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  assertMatches({ domain, path, tag, digest });
  return withoutUndefined({ domain, path, tag, digest });
}

/** As `parseImageReference`, undefined for what is not a reference. */
export function tryParseImageReference(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch {
    return undefined;
  }
}

/** The reference with tag `latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: "latest" }
    : reference;
}

/** `docker.io/library/busybox`. */
export function canonicalName(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/busybox:latest`. */
export function formatCanonical(reference: ImageReference): string {
  return canonicalName(reference) + suffixOf(reference);
}

/** `busybox`, `user/app`, `quay.io/org/app`: the name as Docker shows it. */
export function familiarName(reference: ImageReference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return canonicalName(reference);
  const official = /^library\/([^/]+)$/.exec(reference.path);
  return official ? official[1]! : reference.path;
}

/** `busybox:latest`. */
export function formatFamiliar(reference: ImageReference): string {
  return familiarName(reference) + suffixOf(reference);
}

/** A stored canonical text in Docker's short form. */
export function familiarText(canonical: string): string {
  return formatFamiliar(parseImageReference(canonical));
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** A repository path as registries take it. */
export function isRepositoryPath(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && PATH.test(text);
}

function suffixOf({ tag, digest }: ImageReference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

/** The part before the first slash is a domain if it looks like a host: a dot, a colon, `localhost`, or upper case. */
function splitDomain(name: string): { domain: string; remainder: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  const isDomain =
    slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  let domain = isDomain ? first : DEFAULT_DOMAIN;
  let remainder = isDomain ? name.slice(slash + 1) : name;
  if (domain === "index.docker.io") domain = DEFAULT_DOMAIN;
  if (domain === DEFAULT_DOMAIN && !remainder.includes("/")) remainder = `library/${remainder}`;
  return { domain, remainder };
}

function assertMatches(parts: { domain: string; path: string; tag?: string; digest?: string }): void {
  const matches =
    DOMAIN.test(parts.domain) &&
    PATH.test(parts.path) &&
    (parts.tag === undefined || TAG.test(parts.tag)) &&
    (parts.digest === undefined || DIGEST.test(parts.digest));
  if (!matches) throw invalid("invalid reference format");
  if (parts.path.length > MAX_NAME_LENGTH) {
    throw invalid(`repository name must not be more than ${MAX_NAME_LENGTH} characters`);
  }
  if (parts.digest !== undefined && !isDigest(parts.digest)) {
    throw invalid(
      /^(?:sha256|sha512):/.test(parts.digest)
        ? "invalid checksum digest length"
        : "unsupported digest algorithm",
    );
  }
}

function withoutUndefined(parts: ImageReference): ImageReference {
  const reference: ImageReference = { domain: parts.domain, path: parts.path };
  if (parts.tag !== undefined) reference.tag = parts.tag;
  if (parts.digest !== undefined) reference.digest = parts.digest;
  return reference;
}

const invalid = (message: string) => invalidArgument(message, { code: "Reference.Invalid" });
