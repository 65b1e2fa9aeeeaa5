import type { Clock } from "../../base/index.ts";
import type { ImageService } from "../../images/types.ts";
import type { ResultCache } from "../cache/result-cache.ts";
import type { ClientSession } from "../session/types.ts";
import type { Ref } from "../solver/ref.ts";
import type { ProgressStep } from "../solver/types.ts";
import type { GitRepositories } from "../sources/git/git-repositories.ts";
import type { LocalSource } from "../sources/local-source.ts";
import type { RunExecutor } from "../types.ts";
import type { Workspace } from "../workspace.ts";
import type { CacheMounts } from "./cache-mounts.ts";

/** What operations share. */
export interface OperationHost {
  images: ImageService;
  workspace: Workspace;
  executor: RunExecutor;
  cacheMounts: CacheMounts;
  results: ResultCache;
  locals: LocalSource;
  repositories: GitRepositories;
  clock: Clock;
  limits: { limitBytes: number; limitEntries: number };
}

/** One operation while it is carried out. */
export interface OperationRun {
  host: OperationHost;
  /** Results of its inputs, in order; held by the caller. */
  inputs: readonly Ref[];
  name: string;
  session: ClientSession | undefined;
  entitlements: readonly string[];
  executor: RunExecutor;
  trees?: (name: string) => Ref | undefined;
  /** As the job's option. */
  forgetsResults: boolean;
  step: ProgressStep;
  signal: AbortSignal;
}

/** Layers that were made; each is held until `release`. */
export interface OperationResult {
  outputs: Ref[];
  /** Of a source: what its name stood for. */
  pin?: string;
  release(): void;
}
