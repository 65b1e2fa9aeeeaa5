import type { Project, Service } from "../model/index.ts";

export interface BuildOptions {
  /** `--build-arg`. */
  args: Readonly<Record<string, string | null>>;
  noCache: boolean;
  pull: boolean;
  quiet: boolean;
  memory?: number;
  /** `--ssh`, `--provenance`, `--sbom`, as they were given; empty where they were not. */
  ssh?: string;
  provenance?: string;
  sbom?: string;
}

export interface BuildRequest {
  project: Project;
  service: Service;
  /** The name that the image gets, beside the tags that the service wants. */
  image: string;
  options: BuildOptions;
  signal?: AbortSignal;
}

/** Builds the image of a service. */
export interface ImageBuilder {
  /** Returns the image's id. */
  build(request: BuildRequest): Promise<string>;
}
