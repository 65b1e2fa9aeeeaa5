import type { Readable } from "node:stream";
import type { ProgressEvent, RegistryAuth } from "../images/types.ts";

/** Limits of the containers that RUN steps run in; absent means none. Memory in bytes, as in Docker's API. */
export interface BuildLimits {
  memory?: number;
  memorySwap?: number;
  cpuShares?: number;
  cpuPeriod?: number;
  cpuQuota?: number;
  cpusetCpus?: string;
  shmSize?: number;
  ulimits?: { Name: string; Soft: number; Hard: number }[];
  cgroupParent?: string;
}

/** What a build tells while it goes on; shapes of Docker's JSON message stream come of it at the edge. */
export interface BuildOutput {
  /** Text of the classic builder: steps, output of RUN, image ids. */
  text(chunk: string): void;
  /** What a RUN step wrote to its standard error; `text` if absent. */
  errorText?(chunk: string): void;
  /** Pull of a base image, download of a remote file. */
  progress(event: ProgressEvent): void;
  /** An image that a stage ended with. */
  image(id: string): void;
  /** Resolves when the reader has taken what was told; steps that say much wait for it. */
  drained?(): Promise<void>;
}

export interface BuildRequest {
  /** The context as a tar archive, perhaps compressed. Absent: `remote` says where it is. */
  context?: Readable;
  /** URL of a Dockerfile or of an archive. */
  remote?: string;
  /** Path of the Dockerfile in the context; `Dockerfile` if empty. */
  dockerfile?: string;
  /** References to give to the image. */
  tags?: readonly string[];
  /** Stage to stop at, by name or number. */
  target?: string;
  /** Null: the value stands in the Dockerfile, as for `--build-arg NAME` of an unset variable. */
  buildArgs?: Readonly<Record<string, string | null>>;
  labels?: Readonly<Record<string, string>>;
  noCache?: boolean;
  /** Ask the registry for a newer base image. */
  pull?: boolean;
  /** Keep the containers of successful RUN steps when false. */
  removeContainers?: boolean;
  /** Remove those of failed steps too. */
  forceRemoveContainers?: boolean;
  networkMode?: string;
  extraHosts?: readonly string[];
  limits?: BuildLimits;
  /** `linux/amd64`; only the machine's own is built. */
  platform?: string;
  /** Credentials by registry host. */
  registryAuth?: (host: string) => RegistryAuth | undefined;
  output: BuildOutput;
  signal?: AbortSignal;
}

export interface BuildResult {
  imageId: string;
}

/** Turns Dockerfiles into images. */
export interface Builder {
  /** Fails with InvalidArgument on a bad Dockerfile or request, `Build.StepFailed` when a step fails. */
  build(request: BuildRequest): Promise<BuildResult>;
  /** Forgets steps whose image is gone, or all steps; images stay. */
  pruneCache(options?: { all?: boolean }): Promise<{ deleted: string[]; freedBytes: number }>;
  /** Applies instructions such as `ENV a=b` to an image's configuration (`docker commit --change`). */
  applyChanges<T extends object>(config: T, changes: readonly string[]): T;
  /** Removes what an earlier, killed program left behind. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** One command of a RUN step. */
export interface RunRequest {
  /** Image below, or diff ids of layers, bottom first; the container starts from it. */
  base: string | { layers: readonly string[] };
  argv: readonly string[];
  env: readonly string[];
  workingDir: string;
  user: string;
  shell?: readonly string[];
  /** Volumes declared so far: what a step writes there is lost, as in Docker. */
  volumes?: Record<string, Record<string, never>> | null;
  networkMode?: string;
  extraHosts?: readonly string[];
  limits?: BuildLimits;
  /** Files or directories to bind in for this step only. */
  mounts?: readonly { source: string; target: string; readOnly: boolean }[];
  tmpfs?: Readonly<Record<string, string>>;
  hostname?: string;
  readonlyRoot?: boolean;
  /** All capabilities and devices. */
  privileged?: boolean;
  /** The container's id (64 hex digits): chosen before it is made, so that a later start finds what a killed build left. */
  containerId: string;
  /** The container is there; it has not been started yet. */
  onCreated(): void | Promise<void>;
  /** The next chunk comes when this one has been taken. */
  output(stream: "stdout" | "stderr", chunk: Buffer): void | Promise<void>;
  signal: AbortSignal;
}

export interface RunOutcome {
  exitCode: number;
  /** The kernel has ended it, because it took more memory than it may. */
  isOutOfMemory?: boolean;
  /** Key of the snapshot that holds what the command wrote. */
  snapshotKey: string;
  containerId: string;
  /** Removes container and snapshot; the caller has committed what it wanted. */
  dispose(): Promise<void>;
}

/** Runs a RUN step's command in a container. */
export interface RunExecutor {
  run(request: RunRequest): Promise<RunOutcome>;
}
