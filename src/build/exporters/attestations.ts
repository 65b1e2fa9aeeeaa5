import { type Descriptor, digestOf, type ImageManifest, MediaType } from "../../formats/index.ts";
import type { ImageAttributes } from "./exporter-attributes.ts";
import type { Attestation, ExportedOutput } from "./types.ts";

const IN_TOTO_PAYLOAD = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v0.1";
const ARTIFACT_TYPE = "application/vnd.docker.attestation.manifest.v1+json";
/** Of a document that no machine runs. */
const UNKNOWN_PLATFORM = { architecture: "unknown", os: "unknown" };

/**
 * The manifest that carries the statements about an image, as an index lists it beside the image (BuildKit's "Image attestation
 * storage"). `add` takes the bytes that it leads to, and its own.
 */
export function attestationBlobs(
  output: ExportedOutput,
  image: Descriptor,
  attributes: ImageAttributes,
  add: (descriptor: Descriptor, bytes: Buffer) => void,
): Descriptor {
  const layers: Descriptor[] = [];
  for (const attestation of output.attestations ?? []) {
    const bytes = Buffer.from(JSON.stringify(statementOf(attestation, output, image, attributes.names)));
    const descriptor: Descriptor = {
      mediaType: IN_TOTO_PAYLOAD,
      digest: digestOf(bytes),
      size: bytes.length,
      annotations: { "in-toto.io/predicate-type": attestation.predicateType },
    };
    add(descriptor, bytes);
    layers.push(descriptor);
  }
  const config = configOf(layers, attributes.useOciArtifact);
  add(config.descriptor, config.bytes);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    ...(attributes.useOciArtifact ? { artifactType: ARTIFACT_TYPE } : {}),
    config: config.descriptor,
    layers,
    ...(attributes.useOciArtifact
      ? { subject: { mediaType: image.mediaType, digest: image.digest, size: image.size } }
      : {}),
  };
  const bytes = Buffer.from(JSON.stringify(manifest, null, 2));
  const descriptor: Descriptor = {
    mediaType: MediaType.ociManifest,
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: UNKNOWN_PLATFORM,
  };
  add(descriptor, bytes);
  return descriptor;
}

function configOf(
  layers: readonly Descriptor[],
  isArtifact: boolean,
): { descriptor: Descriptor; bytes: Buffer } {
  const config = {
    ...UNKNOWN_PLATFORM,
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  };
  const bytes = Buffer.from(isArtifact ? "{}" : JSON.stringify(config));
  const mediaType = isArtifact ? "application/vnd.oci.empty.v1+json" : MediaType.ociConfig;
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** An in-toto statement whose subjects are the image under its names (package URLs). */
export function statementOf(
  { predicateType, predicate }: Attestation,
  { platformId }: Pick<ExportedOutput, "platformId">,
  image: Pick<Descriptor, "digest">,
  names: readonly string[],
): object {
  const [algorithm = "", hex = ""] = image.digest.split(":");
  return {
    _type: STATEMENT_TYPE,
    predicateType,
    subject: names.map((name) => ({ name: packageUrl(name, platformId), digest: { [algorithm]: hex } })),
    predicate,
  };
}

/** `pkg:docker/NAME@TAG?platform=…` (package-url specification, type docker). */
function packageUrl(name: string, platformId: string): string {
  const slash = name.lastIndexOf("/");
  const colon = name.indexOf(":", slash + 1);
  const [path, tag] = colon < 0 ? [name, "latest"] : [name.slice(0, colon), name.slice(colon + 1)];
  const familiar = path.replace(/^docker\.io\/(library\/)?/, "");
  const encoded = familiar.split("/").map(encodeURIComponent).join("/");
  return `pkg:docker/${encoded}@${encodeURIComponent(tag)}?platform=${encodeURIComponent(platformId)}`;
}
