import { type Clock, invalidArgument } from "../../base/index.ts";
import type { ContentStore } from "../../content/index.ts";
import type { ImageService } from "../../images/types.ts";
import { createArchiveExporter } from "./archive-exporter.ts";
import { createLocalExporter, createTarExporter } from "./file-exporters.ts";
import { createImageExporter } from "./image-exporter.ts";
import type { Exporter, ExporterRequest } from "./types.ts";

export type * from "./types.ts";

export interface ExporterHost {
  images: ImageService;
  content: ContentStore;
  clock: Clock;
}

/** The exporter that a client asks for; InvalidArgument for a type that there is not, or attributes that make no sense. */
export function createExporter(host: ExporterHost, request: ExporterRequest): Exporter {
  switch (request.type) {
    case "image":
    case "moby":
      return createImageExporter(host, request);
    case "oci":
    case "docker":
      return createArchiveExporter(host, { ...request, type: request.type });
    case "local":
      return createLocalExporter(host, request);
    case "tar":
      return createTarExporter(host, request);
    default:
      throw invalidArgument(`exporter ${JSON.stringify(request.type)} could not be found`);
  }
}
