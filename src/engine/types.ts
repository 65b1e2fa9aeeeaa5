import type { Readable, Writable } from "node:stream";
import type { ImageRuntimeConfig } from "../formats/oci-types.ts";

/**
 * Requests and answers of the engine keep the names and shapes of Docker's API (v1.51), because that is what is stored,
 * inspected and diffed; nothing here knows HTTP. Durations named as in Docker are nanoseconds, memory is bytes.
 */
export interface ContainerConfig extends ImageRuntimeConfig {
  Image: string;
  Hostname?: string;
  Domainname?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  MacAddress?: string;
  NetworkDisabled?: boolean;
}

export interface PortBinding {
  HostIp?: string;
  HostPort?: string;
}

export interface MountRequest {
  Type: "bind" | "volume" | "tmpfs" | "image" | "cluster";
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
    Subpath?: string;
  };
  ImageOptions?: { Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

export interface RestartPolicy {
  Name: "" | "no" | "always" | "unless-stopped" | "on-failure";
  MaximumRetryCount?: number;
}

export interface ThrottleDevice {
  Path: string;
  /** Bytes or operations in a second. */
  Rate: number;
}

export interface HostConfig {
  Binds?: string[] | null;
  Mounts?: MountRequest[];
  NetworkMode?: string;
  PortBindings?: Record<string, PortBinding[] | null>;
  PublishAllPorts?: boolean;
  RestartPolicy?: RestartPolicy;
  AutoRemove?: boolean;
  Privileged?: boolean;
  ReadonlyRootfs?: boolean;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  IpcMode?: string;
  PidMode?: string;
  UTSMode?: string;
  CgroupParent?: string;
  SecurityOpt?: string[] | null;
  Tmpfs?: Record<string, string>;
  ShmSize?: number;
  Sysctls?: Record<string, string>;
  Init?: boolean | null;
  OomScoreAdj?: number;
  Memory?: number;
  MemorySwap?: number;
  MemoryReservation?: number;
  NanoCpus?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpusetCpus?: string;
  PidsLimit?: number | null;
  BlkioWeight?: number;
  BlkioWeightDevice?: { Path: string; Weight: number }[] | null;
  BlkioDeviceReadBps?: ThrottleDevice[] | null;
  BlkioDeviceWriteBps?: ThrottleDevice[] | null;
  BlkioDeviceReadIOps?: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null;
  Ulimits?: { Name: string; Soft: number; Hard: number }[] | null;
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[] | null;
  LogConfig?: { Type: string; Config?: Record<string, string> | null };
  VolumesFrom?: string[] | null;
  Links?: string[] | null;
  Annotations?: Record<string, string> | null;
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
  [key: string]: unknown;
}

export interface EndpointSettings {
  Aliases?: string[] | null;
  IPAMConfig?: { IPv4Address?: string } | null;
  MacAddress?: string;
  Links?: string[] | null;
  DriverOpts?: Record<string, string> | null;
  /** The network with the highest one is the way out. */
  GwPriority?: number;
}

export type ContainerOwner = "docker" | "cri" | "build";

/**
 * What the program's own parts may ask for beyond Docker's API; never reachable from outside. The pod's containers are
 * made this way: they share the sandbox's namespaces and live under the pod's cgroup.
 */
export interface InternalOptions {
  /** Who sees the container: the Docker API lists only `docker`; those of build steps nobody lists. */
  owner: ContainerOwner;
  /** Diff ids of what the root lies on, bottom first, instead of an image. */
  layers?: readonly string[];
  /** Namespaces to join, by path of a namespace file (`net`, `ipc`, `uts`) or of another container (`pid`: `container:<id>`). */
  namespacePaths?: { net?: string; ipc?: string; uts?: string; pid?: string };
  /** What becomes /dev/shm, for a caller whose containers share it. */
  shmDir?: string;
  /** Absolute path for the log in CRI's format instead of the container's own directory. */
  logPath?: string;
  /** Files or directories to bind in, with no volume record (kubelet's mounts). */
  mounts?: {
    source: string;
    target: string;
    readOnly: boolean;
    propagation?: "rprivate" | "rslave" | "rshared";
    recursiveReadOnly?: boolean;
  }[];
  /** Files that the caller manages: no generated ones are bound over these. */
  etcFilesManaged?: boolean;
  /** Never fall back on the image's user name table: numeric ids as the caller decided. */
  uid?: number;
  gid?: number;
  supplementalGids?: number[];
  noNewPrivileges?: boolean;
  annotations?: Record<string, string>;
}

export interface CreateContainerRequest {
  /** 64 hex digits, of a caller that has to know it beforehand; else one is made up. */
  id?: string;
  name?: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  networkingConfig?: { EndpointsConfig?: Record<string, EndpointSettings> };
  platform?: string;
  /** As before API 1.44: a read-only bind leaves the mounts below it as they are unless the request says more. */
  readOnlyNonRecursive?: boolean;
  internal?: InternalOptions;
}

export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` for never. */
  StartedAt: string;
  FinishedAt: string;
  Health?: {
    Status: "none" | "starting" | "healthy" | "unhealthy";
    FailingStreak: number;
    Log: HealthLogEntry[];
  };
}

export interface HealthLogEntry {
  Start: string;
  End: string;
  ExitCode: number;
  Output: string;
}

export interface MountPoint {
  Type: "bind" | "volume" | "tmpfs" | "image";
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** `GET /containers/{id}/json`. */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  /** Image id. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: Record<string, unknown> & {
    Networks: Record<string, Record<string, unknown>>;
    Ports: Record<string, PortBinding[] | null>;
  };
}

/** `GET /containers/json`, one row. */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  /** Unix seconds. */
  Created: number;
  Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string>;
  State: string;
  /** `Up 3 minutes`, `Exited (0) 2 hours ago`. */
  Status: string;
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> | null };
  NetworkSettings: { Networks: Record<string, Record<string, unknown>> };
  Mounts: MountPoint[];
}

export type Filters = Record<string, string[]>;

export interface ListContainersOptions {
  /** Whose containers; `docker` if absent. The CRI finds its own again with it. */
  owner?: ContainerOwner;
  all?: boolean;
  limit?: number;
  size?: boolean;
  filters?: Filters;
}

export interface ExitResult {
  exitCode: number;
  error?: string;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** Both ends of a container's (or an exec's) streams. With a terminal everything arrives on `stdout`. */
export interface AttachStreams {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
}

export interface AttachOptions {
  /** First what was logged so far. */
  logs?: boolean;
  /** Then what comes. */
  stream?: boolean;
  /** Ends the attachment, not the container. */
  signal?: AbortSignal;
  /** Called once the streams are connected (so that `start` may follow). */
  onAttached?: () => void;
}

export interface CommitOptions {
  reference?: string;
  comment?: string;
  author?: string;
  /** True by default: the container stands still meanwhile. */
  pause?: boolean;
  config?: Partial<ContainerConfig>;
  /** Dockerfile instructions. */
  changes?: string[];
}

export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  /** Wall-clock milliseconds with fraction. */
  sinceMs?: number;
  untilMs?: number;
  /** Lines from the end; undefined: all. */
  tail?: number;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  timestamp: string;
  /** Whole lines end in a newline; a partial one does not. */
  data: Buffer;
}

export interface ExecConfig {
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  Tty?: boolean;
  Cmd: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  Privileged?: boolean;
  DetachKeys?: string;
  ConsoleSize?: [number, number];
}

export interface ExecInspect {
  ID: string;
  ContainerID: string;
  Running: boolean;
  ExitCode: number | null;
  Pid: number;
  OpenStdin: boolean;
  OpenStdout: boolean;
  OpenStderr: boolean;
  CanRemove: boolean;
  DetachKeys: string;
  ProcessConfig: {
    tty: boolean;
    entrypoint: string;
    arguments: string[];
    privileged: boolean;
    user?: string;
  };
}

/** One entry of Docker's event stream (`docker events`). */
export interface EngineEvent {
  Type: "container" | "image" | "volume" | "network" | "daemon" | "builder";
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: "local";
  /** Unix seconds. */
  time: number;
  timeNano: number;
}

export interface ContainerStats {
  readAtMs: number;
  cpuUsageNs: number;
  cpuUserNs: number;
  cpuSystemNs: number;
  hostCpuNs: number;
  onlineCpus: number;
  memoryUsageBytes: number;
  memoryLimitBytes: number;
  memoryStats: Record<string, number>;
  pidsCurrent: number;
  pidsLimit: number;
  blockReadBytes: number;
  blockWriteBytes: number;
  networks: Record<
    string,
    {
      rxBytes: number;
      rxPackets: number;
      txBytes: number;
      txPackets: number;
      rxErrors: number;
      txErrors: number;
      rxDropped: number;
      txDropped: number;
    }
  >;
}

export interface VolumeRecord {
  Name: string;
  Driver: string;
  Mountpoint: string;
  CreatedAt: string;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
  Scope: "local";
  UsageData?: { Size: number; RefCount: number };
}

/** Containers and volumes of one instance. Errors carry Docker's messages; every method that names a container takes id, unique id prefix or name. */
export interface Engine {
  createContainer(request: CreateContainerRequest): Promise<{ id: string; warnings: string[] }>;
  startContainer(reference: string): Promise<void>;
  /** Sends the stop signal, after `timeoutSeconds` SIGKILL; NotModified when it does not run. */
  stopContainer(reference: string, options?: { timeoutSeconds?: number; signal?: string }): Promise<void>;
  restartContainer(reference: string, options?: { timeoutSeconds?: number; signal?: string }): Promise<void>;
  killContainer(reference: string, signal?: string): Promise<void>;
  pauseContainer(reference: string): Promise<void>;
  unpauseContainer(reference: string): Promise<void>;
  removeContainer(reference: string, options?: { force?: boolean; removeVolumes?: boolean }): Promise<void>;
  /** Takes a link away (`/container/alias`); what it leads to stays. False where there is none of that name. */
  removeLink(name: string): Promise<boolean>;
  renameContainer(reference: string, name: string): Promise<void>;
  updateContainer(reference: string, update: Partial<HostConfig>): Promise<{ warnings: string[] }>;
  listContainers(options?: ListContainersOptions): Promise<ContainerSummary[]>;
  inspectContainer(reference: string, options?: { size?: boolean }): Promise<ContainerInspect>;
  /** Cheap state for in-process callers; undefined when there is no such container. */
  containerState(id: string): ContainerState | undefined;
  /** Resolves when the condition holds; the promise is armed before it returns control. */
  waitContainer(reference: string, condition?: WaitCondition, signal?: AbortSignal): Promise<ExitResult>;
  /** Resolves when both ends are done or the signal aborts. */
  attachContainer(reference: string, streams: AttachStreams, options: AttachOptions): Promise<void>;
  resizeContainer(reference: string, columns: number, rows: number): Promise<void>;
  /** Lines as they were read, many at a time. */
  containerLogs(reference: string, options: LogOptions): AsyncIterable<LogEntry[]>;
  containerTop(reference: string, psArgs?: string): Promise<{ Titles: string[]; Processes: string[][] }>;
  containerStats(reference: string): Promise<ContainerStats>;
  containerChanges(reference: string): Promise<{ Path: string; Kind: 0 | 1 | 2 }[]>;
  /** Tar of a path inside the container (follows links inside the root only). */
  readArchive(reference: string, path: string): Promise<{ stat: PathStat; tar: Readable }>;
  statPath(reference: string, path: string): Promise<PathStat>;
  writeArchive(
    reference: string,
    path: string,
    tar: Readable,
    options?: { noOverwriteDirNonDir?: boolean; copyUidGid?: boolean },
  ): Promise<void>;
  exportContainer(reference: string): Promise<Readable>;
  commitContainer(reference: string, options: CommitOptions): Promise<{ id: string }>;
  pruneContainers(filters?: Filters): Promise<{ ContainersDeleted: string[]; SpaceReclaimed: number }>;

  createExec(reference: string, config: ExecConfig): Promise<{ id: string }>;
  /** Runs it and resolves when it has ended and its output was delivered; `onStarted` comes once it runs. */
  startExec(
    execId: string,
    streams: AttachStreams,
    options?: {
      detach?: boolean;
      consoleSize?: [rows: number, columns: number];
      signal?: AbortSignal;
      onStarted?: () => void;
    },
  ): Promise<{ exitCode: number }>;
  resizeExec(execId: string, columns: number, rows: number): Promise<void>;
  inspectExec(execId: string): Promise<ExecInspect>;

  createVolume(request: {
    Name?: string;
    Driver?: string;
    DriverOpts?: Record<string, string>;
    Labels?: Record<string, string>;
  }): Promise<VolumeRecord>;
  /** With `usage`, what each holds and how many containers have it. */
  listVolumes(filters?: Filters, options?: { usage?: boolean }): Promise<VolumeRecord[]>;
  inspectVolume(name: string): Promise<VolumeRecord>;
  removeVolume(name: string, force?: boolean): Promise<void>;
  pruneVolumes(filters?: Filters): Promise<{ VolumesDeleted: string[]; SpaceReclaimed: number }>;

  connectNetwork(network: string, reference: string, settings?: EndpointSettings): Promise<void>;
  disconnectNetwork(network: string, reference: string, force?: boolean): Promise<void>;

  /** Past events between the two times, then live ones until the signal aborts (or `until` passes). */
  events(options: {
    sinceMs?: number;
    untilMs?: number;
    filters?: Filters;
    signal?: AbortSignal;
  }): AsyncIterable<EngineEvent>;
  emitEvent(type: EngineEvent["Type"], action: string, id: string, attributes?: Record<string, string>): void;
  /** In-process observers of container state changes, without Docker's formatting. */
  onContainerChange(
    listener: (change: {
      id: string;
      owner: ContainerOwner;
      status: ContainerStatus | "removed";
      exitCode?: number;
    }) => void,
  ): () => void;
}

/** Docker's `X-Docker-Container-Path-Stat`. */
export interface PathStat {
  name: string;
  size: number;
  /** Go's fs.FileMode bits. */
  mode: number;
  mtime: string;
  linkTarget: string;
}
