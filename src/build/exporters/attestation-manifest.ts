import { type Descriptor, digestOf, type ImageManifest, MediaType } from "../../formats/index.ts";
import { digestSet } from "../attestations/materials.ts";
import { imageUrl } from "../attestations/package-url.ts";
import type { Attestation } from "../attestations/types.ts";
import type { ImageAttributes } from "./exporter-attributes.ts";
import type { ExportedOutput } from "./types.ts";

const IN_TOTO_PAYLOAD = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v0.1";
const ARTIFACT_TYPE = "application/vnd.docker.attestation.manifest.v1+json";
/** Of a document that no machine runs. */
const UNKNOWN_PLATFORM = { architecture: "unknown", os: "unknown" };

/**
 * The manifest that carries the statements about an image, as an index lists it beside the image (BuildKit's "Image attestation
 * storage"). `add` takes the bytes that it leads to, and its own.
 */
export async function attestationManifest(
  { attestations = [], platform }: ExportedOutput,
  image: Descriptor,
  { names, isArtifact }: Pick<ImageAttributes, "names" | "isArtifact">,
  add: (descriptor: Descriptor, bytes: Buffer) => void,
): Promise<Descriptor> {
  const subjects = names.map((name) => ({ name: imageUrl(name, platform), digest: digestSet(image.digest) }));
  const layers: Descriptor[] = [];
  for (const attestation of attestations) {
    const bytes = Buffer.from(JSON.stringify(await statementOf(attestation, subjects)));
    const annotations = { "in-toto.io/predicate-type": attestation.predicateType };
    layers.push({ ...descriptorOf(IN_TOTO_PAYLOAD, bytes), annotations });
    add(layers.at(-1)!, bytes);
  }
  const config = configOf(layers, isArtifact);
  add(config.descriptor, config.bytes);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    ...(isArtifact ? { artifactType: ARTIFACT_TYPE } : {}),
    config: config.descriptor,
    layers,
    ...(isArtifact
      ? { subject: { mediaType: image.mediaType, digest: image.digest, size: image.size } }
      : {}),
  };
  const bytes = Buffer.from(JSON.stringify(manifest, null, 2));
  const descriptor: Descriptor = {
    ...descriptorOf(MediaType.ociManifest, bytes),
    annotations: {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: UNKNOWN_PLATFORM,
  };
  add(descriptor, bytes);
  return descriptor;
}

function configOf(layers: readonly Descriptor[], isArtifact: boolean) {
  const config = {
    ...UNKNOWN_PLATFORM,
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  };
  const bytes = Buffer.from(isArtifact ? "{}" : JSON.stringify(config));
  const mediaType = isArtifact ? "application/vnd.oci.empty.v1+json" : MediaType.ociConfig;
  return { descriptor: descriptorOf(mediaType, bytes), bytes };
}

function descriptorOf(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** An in-toto statement about these subjects. */
export async function statementOf(
  { predicateType, predicate }: Attestation,
  subject: readonly { name: string; digest: Record<string, string> }[],
): Promise<object> {
  return { _type: STATEMENT_TYPE, predicateType, subject, predicate: await predicate() };
}
