import { GantryError, invalidArgument, notImplemented } from "../../base/index.ts";
import type { ContentStore } from "../../content/index.ts";
import { formatCanonical, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import type { ImageService, LayerArchive, LayerForm } from "../../images/types.ts";
import { ExporterAttributes, readForm } from "../exporters/exporter-attributes.ts";
import type { BuildTree, ProgressStep, SolveJob } from "../solver/types.ts";
import type { CachedLayer } from "./cache-chains.ts";
import { type CacheDocuments, cacheDocuments, type DocumentForm } from "./cache-documents.ts";
import type { CacheWish } from "./types.ts";

export interface CacheExportHost {
  images: ImageService;
  content: ContentStore;
}

/** A place for a build's cache. */
export interface CacheExporter {
  /** A build whose cache cannot be kept has not failed. */
  ignoresErrors: boolean;
  /** Returns what the client is told. */
  export(job: SolveJob, trees: readonly BuildTree[]): Promise<Record<string, string>>;
}

type Send = (documents: CacheDocuments, job: SolveJob, step: ProgressStep) => Promise<void>;

interface Settings extends DocumentForm {
  title: string;
  mode: "min" | "max";
  layerForm: LayerForm;
  send: Send;
}

const ELSEWHERE = ["gha", "s3", "azblob"];

/** The exporter of a cache that a client asks for (`--cache-to`); `inline` is none of those, as it goes into the image. */
export function createCacheExporter(host: CacheExportHost, { type, attributes }: CacheWish): CacheExporter {
  if (ELSEWHERE.includes(type))
    throw notImplemented(`exporting a build cache of type ${type} is not supported`);
  if (type !== "registry" && type !== "local")
    throw invalidArgument(`unknown cache exporter: ${JSON.stringify(type)}`);
  const reader = new ExporterAttributes(attributes);
  const useOciTypes = reader.flag("oci-mediatypes") ?? true;
  const isImageManifest = reader.flag("image-manifest") ?? useOciTypes;
  if (isImageManifest && !useOciTypes) {
    throw invalidArgument(
      "invalid configuration for remote cache, OCI mediatypes are required for image-manifest cache format",
    );
  }
  const settings: Settings = {
    ...placeOf(host, type, attributes),
    useOciTypes,
    isImageManifest,
    mode: reader.text("mode") === "max" ? "max" : "min",
    layerForm: readForm(reader, "gzip"),
  };
  return {
    ignoresErrors: reader.flag("ignore-error") ?? false,
    export: (job, trees) => exportCache(host, settings, job, trees),
  };
}

function placeOf(
  host: CacheExportHost,
  type: "registry" | "local",
  attributes: CacheWish["attributes"],
): Pick<Settings, "title" | "send"> {
  if (type === "registry") {
    const reference = cacheReference(attributes.ref);
    return {
      title: "exporting cache to registry",
      send: (...args) => sendToRegistry(host, reference, ...args),
    };
  }
  const store = attributes.dest;
  if (!store) throw invalidArgument("local cache exporter requires dest");
  return { title: "exporting cache to client directory", send: (...args) => sendToClient(store, ...args) };
}

export function cacheReference(text: string | undefined): string {
  if (!text) throw invalidArgument("missing ref");
  return formatCanonical(withDefaultTag(parseImageReference(text)));
}

async function exportCache(
  { images, content }: CacheExportHost,
  { title, mode, layerForm, send, ...form }: Settings,
  job: SolveJob,
  trees: readonly BuildTree[],
): Promise<Record<string, string>> {
  return job.step(title, async (step): Promise<Record<string, string>> => {
    const lease = await content.lease();
    try {
      step.status("preparing build cache for export", {});
      const archives = new Map<string, LayerArchive>();
      const chains = await job.cacheChains(trees, {
        mode,
        archive: async (layer) => {
          const archive =
            archives.get(layer.diffId) ?? (await images.layerArchive(layer.diffId, layerForm, lease));
          archives.set(layer.diffId, archive);
          return { ...layer, ...remoteLayer(layer.diffId, archive) };
        },
      });
      const documents = cacheDocuments(chains, archives, form);
      step.status("preparing build cache for export", { done: true });
      if (!documents) {
        step.status("skipping cache export for empty result", { done: true });
        return {};
      }
      await send(documents, job, step);
      const { mediaType, digest, size } = documents.root;
      return { "cache.manifest": JSON.stringify({ mediaType, digest, size }) };
    } finally {
      await lease.release();
    }
  });
}

/** A layer that is here, as one that lies elsewhere. */
export function remoteLayer(
  diffId: string,
  archive: LayerArchive,
): Pick<CachedLayer, "diffId" | "blob" | "openBlob"> {
  const { digest, sizeBytes: size, mediaType } = archive;
  return {
    diffId,
    blob: { digest, size, mediaType },
    openBlob: () => Promise.reject(new GantryError("Internal", `layer ${diffId} is here`)),
  };
}

async function sendToRegistry(
  { images }: CacheExportHost,
  reference: string,
  documents: CacheDocuments,
  job: SolveJob,
  step: ProgressStep,
): Promise<void> {
  const auth = await job.session?.credentials(parseImageReference(reference).domain, job.signal);
  await images.pushDocuments(reference, documents, {
    auth,
    signal: job.signal,
    isNoImage: true,
    onProgress: ({ id, current, total }) => {
      if (id !== undefined) step.status(`writing layer ${id}`, { current, total, done: current === total });
    },
  });
  tellDocuments(documents, step);
}

async function sendToClient(
  store: string,
  { layers, config, root, rootBytes, blobs }: CacheDocuments,
  job: SolveJob,
  step: ProgressStep,
): Promise<void> {
  const contents = job.session?.contentStore?.(`local:${store}`);
  if (!contents) throw new GantryError("Unavailable", "local cache exporter/importer requires session");
  for (const blob of [...layers, config]) {
    const line = `writing ${blob === config ? "config" : "layer"} ${blob.digest}`;
    step.status(line, {});
    await contents.write(blob, blobs.get(blob.digest)!.open(), job.signal);
    step.status(line, { done: true });
  }
  await contents.write(root, rootBytes, job.signal);
  step.status(`writing cache image manifest ${root.digest}`, { done: true });
}

function tellDocuments({ config, root }: CacheDocuments, step: ProgressStep): void {
  step.status(`writing config ${config.digest}`, { done: true });
  step.status(`writing cache image manifest ${root.digest}`, { done: true });
}
