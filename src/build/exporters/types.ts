import type { ImageConfig, Platform } from "../../formats/oci-types.ts";
import type { BuildTree, SolveJob } from "../solver/types.ts";

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
}

/** A statement about an output (in-toto): its predicate. */
export interface Attestation {
  predicateType: string;
  predicate: object;
  /** File name in exported directories: `provenance.json`, `sbom.spdx.json`. */
  fileName: string;
  /** Only for images that are made an index of anyhow. */
  isInlineOnly: boolean;
}

export interface ExportSource {
  outputs: readonly ExportedOutput[];
  /** The result is an index even with one output. */
  isMultiPlatform: boolean;
  /** Milliseconds since 1970 of `SOURCE_DATE_EPOCH`. */
  epochMs?: number;
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
