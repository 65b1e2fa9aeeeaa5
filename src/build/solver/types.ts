import type { ImageConfig, Platform } from "../../formats/oci-types.ts";
import type { Definition, Op, SourceInfo, SourceRange } from "../llb/index.ts";
import type { CacheChains, CachedLayer } from "../remote-cache/cache-chains.ts";
import type { ClientSession, FileEntry } from "../session/types.ts";
import type { RunExecutor } from "../types.ts";
import type { Ref } from "./ref.ts";

/** Solves definitions; one for all builds of the program, so that equal operations of builds that run at once run once. */
export interface Solver {
  startJob(options: JobOptions): SolveJob;
  /** What the cache holds: results of operations, contexts, cache mounts. */
  diskUsage(): Promise<CacheUsage[]>;
  /** Removes what no running build uses, least recently used first; returns what went. */
  prune(options: PruneOptions): Promise<CacheUsage[]>;
}

export interface JobOptions {
  /** The client's name for the build. */
  id: string;
  session: ClientSession | undefined;
  onEvent: (event: SolveEvent) => void;
  signal: AbortSignal;
  /** What the client allows (`--allow network.host`, `security.insecure`). */
  entitlements: readonly string[];
  /** What whoever started the job has brought: sources `job://NAME`. */
  trees?: (name: string) => Ref | undefined;
  /** Carries out the job's commands in the place of the solver's own. */
  executor?: RunExecutor;
  /** Results are neither looked up nor remembered: the job's owner keeps them in another form (the classic builder's images). */
  forgetsResults?: boolean;
}

export interface SolveJob {
  readonly id: string;
  readonly session: ClientSession | undefined;
  readonly signal: AbortSignal;
  /** Solves the definition's result. Whoever asked holds the tree until `release`, or until the job is closed. */
  solve(definition: Definition): Promise<BuildTree>;
  /** An image's digest and configuration, without its layers. */
  resolveImage(reference: string, options: ResolveImageOptions): Promise<ResolvedImage>;
  /** Work that is no operation but stands in the progress as one: `[internal] load metadata for …`, `exporting to image`. */
  step<T>(name: string, work: (step: ProgressStep) => Promise<T>): Promise<T>;
  /** From here on operations are looked for there, too, before they are carried out. */
  useCache(chains: CacheChains): void;
  /** What led to these trees, as records of a cache; `archive` says where a layer of theirs can be had. */
  cacheChains(
    trees: readonly BuildTree[],
    options: { mode: "min" | "max"; archive(layer: TreeLayer): Promise<CachedLayer> },
  ): Promise<CacheChains>;
  /** What led to a tree, inputs first. */
  operationsOf(tree: BuildTree): Promise<readonly SolvedOperation[]>;
  warn(warning: Omit<WarningEvent, "kind">): void;
  /** Lets go of what the job holds, cancels what only it needs. */
  close(): Promise<void>;
}

export interface SolvedOperation {
  digest: string;
  op: Op;
  /** What its source turned out to be, where its identifier leaves that open: a commit. */
  pin: string | undefined;
}

export interface ResolveImageOptions {
  platform: Platform;
  /** `default`: what is here, else the registry; `pull`: the registry; `local`: as default. */
  mode: "default" | "pull" | "local";
  /** Of the line in the progress; `[internal] load metadata for …` if absent. */
  stepName?: string;
  /** The image is in a store of the client's (`--build-context NAME=oci-layout://DIR@DIGEST`), not in a registry. */
  ociLayout?: { sessionId: string; storeId: string };
}

export interface ResolvedImage {
  /** Canonical, with tag: `docker.io/library/busybox:latest`. */
  reference: string;
  /** Digest of the manifest or index at the registry; undefined for an image that only stands here. */
  digest: string | undefined;
  config: ImageConfig;
}

/** An immutable tree of files: the result of an operation. */
export interface BuildTree {
  /** Its layers, bottom first. What is no layer yet (a context) becomes one. */
  layers(): Promise<readonly TreeLayer[]>;
  /** NotFound, in the words of stat(2), where there is none. Links are followed inside of the tree. */
  readFile(path: string, range?: { offset: number; length: number }): Promise<Buffer>;
  readDirectory(path: string, includePattern?: string): Promise<FileEntry[]>;
  stat(path: string): Promise<FileEntry>;
  /** The tree's root for reading, until `close`. */
  open(): Promise<OpenTree>;
  release(): Promise<void>;
}

export interface TreeLayer {
  diffId: string;
  /** When its operation was carried out: the same for whoever finds it in the cache, so that images of cached builds are equal. */
  createdAtMs: number;
  /** Name of the operation; for layers that no history entry tells of. */
  description: string;
}

export interface OpenTree {
  /** Descriptor (O_PATH) of its root directory. */
  rootFd: number;
  close(): void;
}

export type SolveEvent = VertexEvent | StatusEvent | LogEvent | WarningEvent;

/** An operation is known, has started, or has ended. Told again whenever something of it changes. */
export interface VertexEvent {
  kind: "vertex";
  digest: string;
  inputs: readonly string[];
  name: string;
  startedMs?: number;
  completedMs?: number;
  cached: boolean;
  /** Empty unless it failed or was cancelled. */
  error: string;
  progressGroup?: { id: string; name: string; weak: boolean };
}

/** A part of an operation with an amount of its own: a layer that is pulled, a context that is transferred. */
export interface StatusEvent {
  kind: "status";
  id: string;
  vertex: string;
  name: string;
  current: number;
  /** 0: unknown. */
  total: number;
  timestampMs: number;
  startedMs?: number;
  completedMs?: number;
}

export interface LogEvent {
  kind: "log";
  vertex: string;
  /** 1 standard output, 2 standard error. */
  stream: 1 | 2;
  data: Buffer;
  timestampMs: number;
}

export interface WarningEvent {
  kind: "warning";
  vertex: string;
  level: number;
  short: string;
  detail: readonly string[];
  url: string;
  info: SourceInfo | undefined;
  ranges: readonly SourceRange[];
}

/** Where work inside of a step tells how it goes. */
export interface ProgressStep {
  readonly digest: string;
  /** Current and total in bytes (or pieces); call again as it goes; `done` ends the part. */
  status(id: string, progress: { current?: number; total?: number; done?: boolean; name?: string }): void;
  log(stream: 1 | 2, data: Buffer): void;
}

export interface CacheUsage {
  id: string;
  parents: readonly string[];
  description: string;
  /** `regular`, `internal`, `frontend`, `source.local`, `source.git.checkout`, `exec.cachemount`. */
  recordType: string;
  sizeBytes: number;
  createdAtMs: number;
  lastUsedAtMs: number | undefined;
  usageCount: number;
  mutable: boolean;
  inUse: boolean;
  /** An image holds its layers too: removing it frees nothing. */
  shared: boolean;
}

export interface PruneOptions {
  /** Also internal and frontend records, and what images share. */
  all: boolean;
  /** Keep what was used since so long ago. */
  keepDurationMs?: number;
  reservedSpaceBytes?: number;
  maxUsedSpaceBytes?: number;
  minFreeSpaceBytes?: number;
  /** Matchers over id, parent, type, description, inuse, mutable, immutable, shared, private: `type==exec.cachemount`. */
  filters?: readonly string[];
}

/** An operation failed: where the definition says that it came from, for the lines around it. */
export interface FailedOperation {
  digest: string;
  name: string;
  locations: readonly { info: SourceInfo; ranges: readonly SourceRange[] }[];
  /** Of a command. */
  exitCode?: number;
}
