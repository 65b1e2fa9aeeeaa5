import { errorMessage } from "../base/index.ts";
import { isDigest, MediaType } from "../formats/index.ts";
import { RegistryFailure } from "./server-errors.ts";

/** What the registry has to know of a manifest, index or artifact. */
export interface ManifestFacts {
  mediaType: string;
  sizeBytes: number;
  /** Blobs that have to be there. */
  blobs: string[];
  /** Manifests that have to be there. */
  manifests: string[];
  subject?: string;
  artifactType?: string;
  annotations?: Record<string, string>;
}

interface LooseDescriptor {
  mediaType?: unknown;
  digest?: unknown;
  size?: unknown;
  urls?: unknown;
}

const MAX_DESCRIPTORS = 10_000;
const DESCRIBING_MEMBERS = ["config", "layers", "blobs", "manifests", "subject"] as const;

/**
 * Reads a manifest of any type. Image manifests, indexes and artifacts have their descriptors in members of the same names
 * (image-spec, manifest.md and image-index.md), so types that nobody knows yet work too.
 */
export function readManifestFacts(bytes: Buffer, contentType: string): ManifestFacts {
  const document = parse(bytes);
  const mediaType = mediaTypeOf(document, contentType);
  if (document.manifests !== undefined && (document.layers !== undefined || document.config !== undefined)) {
    throw invalid("a document is either a manifest or an index");
  }
  assertHasMembers(document, mediaType);
  const config = document.config === undefined ? [] : [document.config];
  const listed = list(document, "manifests").map(descriptor);
  const manifests = listed.filter((one) => !isBlobInIndex(one));
  const blobs = [
    ...[...config, ...list(document, "layers"), ...list(document, "blobs")].map(descriptor),
    ...listed.filter(isBlobInIndex),
  ];
  if (blobs.length + manifests.length > MAX_DESCRIPTORS) throw invalid("too many descriptors");
  const facts: ManifestFacts = {
    mediaType,
    sizeBytes: bytes.length,
    // A layer with addresses of its own need not be here.
    blobs: blobs.filter(({ urls }) => !Array.isArray(urls) || urls.length === 0).map(({ digest }) => digest),
    manifests: manifests.map(({ digest }) => digest),
  };
  if (document.subject !== undefined) facts.subject = descriptor(document.subject).digest;
  const artifactType = document.artifactType ?? (document.config as LooseDescriptor | undefined)?.mediaType;
  if (typeof artifactType === "string") facts.artifactType = artifactType;
  const annotations = document.annotations;
  if (typeof annotations === "object" && annotations !== null)
    facts.annotations = annotations as Record<string, string>;
  return facts;
}

/** BuildKit keeps caches of builds as indexes whose entries are layers and a document of its own. */
function isBlobInIndex({ mediaType }: { mediaType: string }): boolean {
  return /\.layer\.v1\.|\.rootfs\.diff\.|\.buildkit\.cacheconfig\./.test(mediaType);
}

function parse(bytes: Buffer): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw invalid(errorMessage(error));
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw invalid("not an object");
  if ((document as { schemaVersion?: unknown }).schemaVersion === 1)
    throw invalid("schema 1 is not supported");
  return document as Record<string, unknown>;
}

function mediaTypeOf(document: Record<string, unknown>, contentType: string): string {
  const announced = contentType.split(";", 1)[0]!.trim().toLowerCase();
  const own = document.mediaType;
  if (own !== undefined && typeof own !== "string") throw invalid("mediaType is not a string");
  if (own === undefined && announced === "") throw invalid("no media type");
  if (own !== undefined && announced !== "" && own !== announced) {
    throw invalid(`mediaType is ${JSON.stringify(own)} but Content-Type is ${JSON.stringify(announced)}`);
  }
  return own ?? announced;
}

const REQUIRED_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  [MediaType.ociManifest]: ["config", "layers"],
  [MediaType.dockerManifest]: ["config", "layers"],
  [MediaType.ociIndex]: ["manifests"],
  [MediaType.dockerManifestList]: ["manifests"],
};

/** Of a type that nobody knows yet, a document at least points somewhere. */
function assertHasMembers(document: Record<string, unknown>, mediaType: string): void {
  const required = REQUIRED_MEMBERS[mediaType];
  const isThere = (member: string) => document[member] !== undefined && document[member] !== null;
  if (required === undefined) {
    if (!DESCRIBING_MEMBERS.some(isThere)) throw invalid("neither a manifest nor an index");
    return;
  }
  if (document.schemaVersion !== 2) throw invalid("schemaVersion is not 2");
  const absent = required.find((member) => !isThere(member));
  if (absent !== undefined) throw invalid(`${absent} is missing`);
}

function list(document: Record<string, unknown>, member: string): unknown[] {
  const value = document[member];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${member} is not a list`);
  return value;
}

function descriptor(value: unknown): { digest: string; mediaType: string; urls?: unknown } {
  const { digest, mediaType, urls, size } = (value ?? {}) as LooseDescriptor;
  const isRight =
    typeof digest === "string" &&
    isDigest(digest) &&
    typeof mediaType === "string" &&
    Number.isSafeInteger(size);
  if (!isRight) throw invalid("a broken descriptor");
  return { digest, mediaType, urls };
}

const invalid = (detail: string) => new RegistryFailure("MANIFEST_INVALID", "manifest invalid", { detail });
