import { errorMessage, GantryError, invalidArgument } from "../base/index.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  isDigest,
  MediaType,
  type Platform,
} from "../formats/index.ts";
import { hostInfo } from "../kernel/index.ts";
import type { ImageLimits } from "./image-limits.ts";

export const MANIFEST_TYPES: readonly string[] = [MediaType.ociManifest, MediaType.dockerManifest];
export const INDEX_TYPES: readonly string[] = [MediaType.ociIndex, MediaType.dockerManifestList];
const CONFIG_TYPES: readonly string[] = [MediaType.ociConfig, MediaType.dockerConfig];
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar(?:\.gzip|\.zstd)?)$/;

export type ParsedManifest =
  | { kind: "manifest"; mediaType: string; manifest: ImageManifest }
  | { kind: "index"; mediaType: string; index: ImageIndex };

/**
 * Reads a manifest or index. What its bytes say of themselves and what the registry said of them must be the same
 * (CVE-2021-41190: one document must not be an index to one reader and a manifest to another).
 */
export function parseManifest(bytes: Buffer, mediaType: string): ParsedManifest {
  const value = parseObject(bytes, "manifest");
  if (SCHEMA_1.test(mediaType) || value.schemaVersion === 1) {
    throw new GantryError("NotImplemented", "image manifests of version 2, schema 1 are not supported", {
      code: "Image.Schema1",
    });
  }
  const own = value.mediaType;
  if (own !== undefined && own !== mediaType) {
    throw malformed(`media type is ${JSON.stringify(own)} but was announced as ${JSON.stringify(mediaType)}`);
  }
  if (INDEX_TYPES.includes(mediaType)) return { kind: "index", mediaType, index: asIndex(value) };
  if (MANIFEST_TYPES.includes(mediaType)) return { kind: "manifest", mediaType, manifest: asManifest(value) };
  throw new GantryError("InvalidArgument", `unsupported media type ${mediaType}`, {
    code: "Image.UnsupportedMediaType",
  });
}

function asIndex(value: Record<string, unknown>): ImageIndex {
  if (value.layers !== undefined || value.config !== undefined) throw malformed("an index with layers");
  if (!Array.isArray(value.manifests)) throw malformed("an index without manifests");
  for (const one of value.manifests) assertDescriptor(one, "manifests");
  return value as unknown as ImageIndex;
}

function asManifest(value: Record<string, unknown>): ImageManifest {
  if (value.manifests !== undefined) throw malformed("a manifest with manifests");
  if (!Array.isArray(value.layers)) throw malformed("a manifest without layers");
  assertDescriptor(value.config, "config");
  for (const layer of value.layers) assertDescriptor(layer, "layers");
  return value as unknown as ImageManifest;
}

/** Fails for what is not a container image (Helm charts, signatures, …) or asks for too much. */
export function assertImage(manifest: ImageManifest, limits: ImageLimits): void {
  if (!CONFIG_TYPES.includes(manifest.config.mediaType)) {
    throw new GantryError("InvalidArgument", `unsupported media type ${manifest.config.mediaType}`, {
      code: "Image.UnsupportedMediaType",
    });
  }
  if (manifest.layers.length > limits.layers) {
    throw malformed(`${manifest.layers.length} layers, more than the ${limits.layers} that can be mounted`);
  }
  for (const layer of manifest.layers) {
    if (!LAYER_TYPE.test(layer.mediaType)) {
      throw new GantryError("InvalidArgument", `unsupported layer media type ${layer.mediaType}`, {
        code: "Image.UnsupportedMediaType",
      });
    }
  }
}

/** Reads an image's configuration and checks what later parts rely on. */
export function parseConfig(
  bytes: Buffer,
  layerCount: number | undefined,
): { text: string; config: ImageConfig } {
  const value = parseObject(bytes, "image configuration");
  const rootfs = value.rootfs as { type?: unknown; diff_ids?: unknown } | null | undefined;
  const diffIds = rootfs?.diff_ids ?? [];
  if (rootfs?.type !== "layers" || !isDigestList(diffIds)) {
    throw malformed("the image configuration does not name its layers");
  }
  if (layerCount !== undefined && diffIds.length !== layerCount) {
    throw malformed(`the image configuration names ${diffIds.length} layers, the manifest ${layerCount}`);
  }
  if (typeof value.os !== "string" || typeof value.architecture !== "string") {
    throw malformed("the image configuration has no os or architecture");
  }
  if (value.os !== "linux") {
    throw invalidArgument(
      `image operating system ${JSON.stringify(value.os)} cannot be used on this platform`,
      {
        code: "Image.WrongOs",
      },
    );
  }
  assertRuntimeConfig(value.config);
  const config = { ...value, rootfs: { type: "layers", diff_ids: diffIds } } as unknown as ImageConfig;
  return { text: bytes.toString("utf8"), config };
}

function isDigestList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && isDigest(one));
}

const STRING_LISTS = ["Env", "Cmd", "Entrypoint", "OnBuild", "Shell"];
const STRINGS = ["User", "WorkingDir", "StopSignal"];
const MAPS = ["Labels", "Volumes", "ExposedPorts"];

function assertRuntimeConfig(config: unknown): void {
  if (config === undefined || config === null) return;
  if (typeof config !== "object" || Array.isArray(config)) throw malformed("config is not an object");
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined) continue;
    const isWrong =
      (STRING_LISTS.includes(key) &&
        !(Array.isArray(value) && value.every((one) => typeof one === "string"))) ||
      (STRINGS.includes(key) && typeof value !== "string") ||
      (MAPS.includes(key) && (typeof value !== "object" || Array.isArray(value))) ||
      (key === "Labels" && Object.values(value).some((one) => typeof one !== "string"));
    if (isWrong) throw malformed(`config.${key} has a wrong type`);
  }
}

const MAX_JSON_DEPTH = 32;

/** Documents from elsewhere are handed on to code that walks them: no stack has to fear them, and no prototype. */
function assertHarmless(bytes: Buffer, what: string): void {
  if (bytes.includes('"__proto__"')) throw malformed(`the ${what} has a member __proto__`);
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
    if (depth > MAX_JSON_DEPTH) throw malformed(`the ${what} is nested too deep`);
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = Buffer.from('"\\[]{}');

function parseObject(bytes: Buffer, what: string): Record<string, unknown> {
  let value: unknown;
  assertHarmless(bytes, what);
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw malformed(`the ${what} is not JSON: ${errorMessage(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`the ${what} is not an object`);
  return value as Record<string, unknown>;
}

function assertDescriptor(value: unknown, where: string): asserts value is Descriptor {
  const descriptor = value as Partial<Descriptor> | null | undefined;
  const isRight =
    typeof descriptor === "object" &&
    descriptor !== null &&
    typeof descriptor.mediaType === "string" &&
    typeof descriptor.digest === "string" &&
    isDigest(descriptor.digest) &&
    Number.isSafeInteger(descriptor.size) &&
    descriptor.size! >= 0;
  if (!isRight) throw malformed(`a broken descriptor in ${where}`);
}

const malformed = (what: string) => invalidArgument(`invalid image: ${what}`, { code: "Image.Malformed" });

/** The platform whose images run here. */
export function hostPlatform(): Platform {
  const { architecture } = hostInfo();
  const variant = architecture === "arm64" ? "v8" : architecture === "arm" ? "v7" : undefined;
  return { os: "linux", architecture, ...(variant ? { variant } : {}) };
}

/** The entry of an index that fits best: the same variant, then one without; for arm also older ones. */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  const fitting = index.manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  for (const variant of acceptedVariants(wanted)) {
    const found = fitting.find(({ platform }) => (platform!.variant ?? "") === variant);
    if (found) return found;
  }
  // An index with one entry and no platforms leaves no choice.
  return index.manifests.length === 1 && !index.manifests[0]!.platform ? index.manifests[0] : undefined;
}

function acceptedVariants({ architecture, variant }: Platform): string[] {
  if (architecture === "arm") {
    const newest = Number((variant ?? "v7").slice(1));
    return [...Array.from({ length: Math.max(0, newest - 4) }, (_, index) => `v${newest - index}`), ""];
  }
  if (architecture === "arm64") return [variant ?? "v8", "", "v8"];
  return variant ? [variant] : ["", "v1"];
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}
