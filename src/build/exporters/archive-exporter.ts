import { type Clock, invalidArgument, notImplemented, rfc3339Seconds } from "../../base/index.ts";
import type { ContentStore } from "../../content/index.ts";
import {
  type Descriptor,
  familiarText,
  layoutBlobPath,
  layoutDirectories,
  layoutFile,
  MediaType,
  OCI_LAYOUT_VERSION,
  parseImageReference,
  type TarMemberToWrite,
  tarEntry,
  writeTar,
} from "../../formats/index.ts";
import { tagToStore } from "../../images/index.ts";
import type { ImageService } from "../../images/types.ts";
import type { SolveJob } from "../solver/types.ts";
import { clientOf } from "./client-of.ts";
import { ExporterAttributes, type ImageAttributes, readImageAttributes } from "./exporter-attributes.ts";
import {
  type Blob,
  hasAttestations,
  type ImageDocument,
  type ImageDocuments,
  makeDocuments,
} from "./image-documents.ts";
import { imageResponse } from "./image-response.ts";
import type { Exporter, ExporterRequest, ExportSource } from "./types.ts";

export interface ArchiveExporterHost {
  images: ImageService;
  content: ContentStore;
  clock: Clock;
}

/** Sends the result to the client as a tar of an OCI image layout; `docker` adds what `docker load` of old engines reads. */
export function createArchiveExporter(
  host: ArchiveExporterHost,
  { type, attributes, id }: ExporterRequest & { type: "oci" | "docker" },
): Exporter {
  const reader = new ExporterAttributes(attributes);
  if (reader.flag("tar") === false)
    throw notImplemented("exporting an image layout as a directory (tar=false) is not supported");
  const image = readImageAttributes(reader, { useOciTypes: type === "oci", compression: "gzip" });
  return { type, export: (job, source) => exportArchive({ host, type, id, image, job, source }) };
}

interface ArchiveExport {
  host: ArchiveExporterHost;
  type: "oci" | "docker";
  id: number;
  image: ImageAttributes;
  job: SolveJob;
  source: ExportSource;
}

async function exportArchive({ host, type, id, image, job, source }: ArchiveExport) {
  if (type === "docker" && (source.isMultiPlatform || hasAttestations(source, image)))
    throw invalidArgument("docker exporter does not currently support exporting manifest lists");
  const names = image.names.map(tagToStore);
  return job.step(`exporting to ${type} image format`, async (step) => {
    const client = clientOf(job);
    const lease = await host.content.lease();
    const documents = await makeDocuments({ images: host.images, source, attributes: image, step, lease });
    try {
      const response = imageResponse(documents, { names, isPushed: true });
      const createdAt = rfc3339Seconds(image.epochMs ?? host.clock.nowMs());
      step.status("sending tarball", {});
      await client.sendFile(id, response, writeTar(membersOf(documents, type, names, createdAt)), job.signal);
      step.status("sending tarball", { done: true });
      return response;
    } finally {
      documents.release();
      await lease.release();
    }
  });
}

function* membersOf(
  documents: ImageDocuments,
  type: "oci" | "docker",
  names: readonly string[],
  createdAt: string,
): Generator<TarMemberToWrite> {
  const { root, rootBytes, blobs } = documents;
  yield* layoutDirectories();
  const all = new Map<string, Blob>(blobs);
  all.set(root.digest, { digest: root.digest, sizeBytes: rootBytes.length, open: () => rootBytes });
  for (const digest of [...all.keys()].sort()) yield blobMember(all.get(digest)!);
  yield layoutFile("index.json", JSON.stringify(layoutIndex(root, names, createdAt)));
  if (type === "docker") yield layoutFile("manifest.json", JSON.stringify(dockerManifest(documents, names)));
  yield layoutFile("oci-layout", OCI_LAYOUT_VERSION);
}

function layoutIndex(root: Descriptor, names: readonly string[], createdAt: string): object {
  const created = { "org.opencontainers.image.created": createdAt };
  const named = names.map((name) => ({
    ...root,
    annotations: {
      ...root.annotations,
      ...created,
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": parseImageReference(name).tag,
    },
  }));
  const unnamed = { ...root, annotations: { ...root.annotations, ...created } };
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: named.length > 0 ? named : [unnamed],
  };
}

function dockerManifest({ images }: ImageDocuments, names: readonly string[]): object[] {
  const [image] = images as [ImageDocument];
  return [
    {
      Config: layoutBlobPath(image.configDigest),
      RepoTags: names.length > 0 ? names.map(familiarText) : null,
      Layers: image.layers.map(({ digest }) => layoutBlobPath(digest)),
    },
  ];
}

function blobMember({ digest, sizeBytes, open }: Blob): TarMemberToWrite {
  return { entry: tarEntry({ name: layoutBlobPath(digest), type: "file", sizeBytes }), body: open() };
}
