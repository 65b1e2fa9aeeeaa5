import type { ImageConfig, Platform } from "../../formats/oci-types.ts";
import type { Definition } from "../llb/index.ts";
import type { BuildTree, ResolvedImage, ResolveImageOptions, WarningEvent } from "../solver/types.ts";

/** What a frontend needs of whoever runs it. */
export interface FrontendHost {
  /**
   * BuildKit's frontend attributes: `filename`, `target`, `platform`, `build-arg:NAME`, `label:NAME`, `context`, `context:NAME`, `no-cache`,
   * `add-hosts`, `force-network-mode`, `cgroup-parent`, `ulimit`, `shm-size`, `image-resolve-mode`, `multi-platform`, `cmdline`, `hostname`,
   * `dockerfilekey`, `contextkey`, `requestid`, …
   */
  options: Readonly<Record<string, string>>;
  /** Definitions given as inputs by name (`--build-context` of buildx's bake with targets). */
  inputs: Readonly<Record<string, Definition>>;
  /** Of the client, for local sources that are its own. */
  sessionId: string;
  buildPlatform: Platform;
  /** Solves at once, to read from it; the frontend releases the tree. */
  solve(definition: Definition): Promise<BuildTree>;
  resolveImage(reference: string, options: ResolveImageOptions): Promise<ResolvedImage>;
  warn(warning: Omit<WarningEvent, "kind">): void;
  signal: AbortSignal;
}

export interface FrontendOutput {
  /** As in `refs.platforms`: `linux/amd64`. */
  platformId: string;
  platform: Platform;
  /** Undefined: an image without files (`FROM scratch` and nothing else). */
  definition: Definition | undefined;
  /** Without `rootfs`, which the exporter knows. History entries with `empty_layer` make no layer. */
  config: ImageConfig;
  /** Configuration of the image that the target stage is built on. */
  baseConfig?: ImageConfig;
}

export interface FrontendResult {
  outputs: FrontendOutput[];
  /** More than one platform was asked for, or `multi-platform` is set: the result is an index. */
  isMultiPlatform: boolean;
  /** Answers of sub-requests: `result.json`, `result.txt`, `version`, `result.statuscode`. */
  metadata: Readonly<Record<string, Buffer>>;
}

/** Turns options and inputs into definitions. */
export type Frontend = (host: FrontendHost) => Promise<FrontendResult>;
