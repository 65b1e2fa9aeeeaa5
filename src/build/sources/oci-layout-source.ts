import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { GantryError, invalidArgument } from "../../base/index.ts";
import { type ImageConfig, MediaType, type Platform, parseImageReference } from "../../formats/index.ts";
import type { ImageOrigin, ImageService } from "../../images/types.ts";
import type { Op } from "../llb/index.ts";
import type { OperationRun } from "../operations/operation-context.ts";
import type { ClientContentStore, ClientSession } from "../session/types.ts";
import type { ResolvedImage } from "../solver/types.ts";

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface LayoutWhere {
  platform: Platform | undefined;
  sessionId: string;
  storeId: string;
}

type Asker = { session: ClientSession | undefined; signal: AbortSignal };

/** An image's digest and configuration in a layout at the client (`--build-context NAME=oci-layout://DIR`). */
export async function resolveLayoutImage(
  images: Pick<ImageService, "describeImage">,
  reference: string,
  where: LayoutWhere,
  asker: Asker,
): Promise<ResolvedImage> {
  const digest = digestOf(reference);
  const origin = await originOf(where, asker);
  const { config } = await images.describeImage(origin, digest, optionsOf(where, asker));
  return { reference, digest, config };
}

/** Gets the layers of an image in a client's layout; they are held until `release`. */
export async function fetchLayoutImage(
  { source, platform }: Op,
  { host: { images }, session, step, signal }: OperationRun,
): Promise<{ config: ImageConfig; layers: string[]; release: () => void }> {
  const { identifier, attrs } = source!;
  const where = { platform, sessionId: attrs["oci.session"] ?? "", storeId: attrs["oci.store"] ?? "" };
  const digest = digestOf(identifier.slice("oci-layout://".length));
  const origin = await originOf(where, { session, signal });
  const { config, layers } = await images.describeImage(
    origin,
    digest,
    optionsOf(where, { session, signal }),
  );
  const release = await images.fetchLayers(layers, {
    signal,
    onProgress: ({ id, status, current = 0, total = 0 }) => {
      const isDone = status === "Download complete" || status === "Pull complete";
      const line = /^(?:Extracting|Pull complete)$/.test(status) ? `extracting ${id}` : id!;
      step.status(line, isDone ? { done: true } : { current, total });
    },
  });
  return { config, layers: layers.map(({ diffId }) => diffId), release };
}

function optionsOf({ platform }: LayoutWhere, { signal }: Asker) {
  return { signal, ...(platform ? { platform } : {}) };
}

function digestOf(reference: string): string {
  const { digest } = parseImageReference(reference);
  if (digest === undefined)
    throw invalidArgument(`oci-layout reference ${JSON.stringify(reference)} has no digest`);
  return digest;
}

async function originOf(
  { sessionId, storeId }: LayoutWhere,
  { session, signal }: Asker,
): Promise<ImageOrigin> {
  if (!session)
    throw new GantryError("InvalidArgument", "no local sources enabled", { code: "Build.NoSession" });
  const isOwn = sessionId === "" || sessionId === session.id || !session.other;
  const owner = isOwn ? session : await session.other!(sessionId, signal);
  const store = owner.contentStore?.(`oci:${storeId}`);
  if (!store) throw new GantryError("Unavailable", `no content store ${storeId} at the client`);
  return {
    fetchManifest: async (digest) => {
      const bytes = await readManifest(store, digest, signal);
      return { digest, mediaType: mediaTypeOf(bytes), bytes };
    },
    openBlob: async ({ digest }, startBytes, reading) =>
      Readable.from(store.read(digest, startBytes, reading ?? signal), { objectMode: false }),
  };
}

async function readManifest(store: ClientContentStore, digest: string, signal: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of store.read(digest, 0, signal)) {
    length += part.length;
    if (length > MAX_MANIFEST_BYTES) throw invalidArgument(`manifest ${digest} is too large`);
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const algorithm = digest.split(":", 1)[0]!;
  if (`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` !== digest)
    throw invalidArgument(`manifest ${digest} has another content`, { code: "Content.DigestMismatch" });
  return bytes;
}

/** A store does not tell it, and a document need not. */
function mediaTypeOf(bytes: Buffer): string {
  let document: { mediaType?: unknown; manifests?: unknown } | null;
  try {
    document = JSON.parse(bytes.toString("utf8")) as typeof document;
  } catch {
    throw invalidArgument("a manifest of the layout is not JSON");
  }
  if (typeof document?.mediaType === "string") return document.mediaType;
  return document?.manifests === undefined ? MediaType.ociManifest : MediaType.ociIndex;
}
