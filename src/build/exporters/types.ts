import type { ImageConfig, Platform } from "../../formats/oci-types.ts";
import type { Attestation } from "../attestations/types.ts";
import type { BuildTree, SolveJob, TreeLayer } from "../solver/types.ts";

/** One solved output of a build. */
export interface ExportedOutput {
  /** As in `refs.platforms`: `linux/amd64`. */
  platformId: string;
  platform: Platform;
  /** Undefined: no files at all. The caller releases it. */
  tree: BuildTree | undefined;
  /** Absent where a definition was solved without a frontend. */
  config?: ImageConfig;
  baseConfig?: ImageConfig;
  attestations?: readonly Attestation[];
  /** What the image says of its own layers as a cache, if it shall. */
  inlineCache?(layers: readonly TreeLayer[]): Promise<string | undefined>;
}

export interface ExportSource {
  outputs: readonly ExportedOutput[];
  /** The result is an index even with one output. */
  isMultiPlatform: boolean;
}

/** What a build's result becomes. */
export interface Exporter {
  /** What `docker buildx` calls it: `image`, `oci`, `docker`, `local`, `tar`. */
  readonly type: string;
  /** Returns what the client is told: `containerimage.digest`, `image.name`, … */
  export(job: SolveJob, source: ExportSource): Promise<Record<string, string>>;
}

export interface ExporterRequest {
  type: string;
  attributes: Readonly<Record<string, string>>;
  /** Number of the exporter in the client's request: what it sends back goes there. */
  id: number;
}
