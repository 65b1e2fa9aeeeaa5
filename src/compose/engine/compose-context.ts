import type { Clock } from "../../base/index.ts";
import type { DockerClient } from "../docker/index.ts";
import type { ImageBuilder } from "./image-builder.ts";
import type { Reporter } from "./progress.ts";

/** What all of Compose's work on an engine needs. */
export interface ComposeContext {
  client: DockerClient;
  clock: Clock;
  report: Reporter;
  builder: ImageBuilder;
  /** What a registry wants to know of who asks, for `X-Registry-Auth`; empty where nothing is known. */
  registryAuth(image: string): Promise<string>;
  warn(message: string): void;
  /** Between the parts of names: `-`, or `_` in backward compatibility mode. */
  separator: string;
  /** How many services are worked on at once; no limit where it is below 1. */
  parallel: number;
}
