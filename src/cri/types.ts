import type { Readable, Writable } from "node:stream";

/** The Container Runtime Interface v1 (k8s.io/cri-api runtime.v1) in TypeScript: same messages, camelCase, times in nanoseconds since the epoch where upstream has them. */
export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface CriPortMapping {
  protocol: "tcp" | "udp" | "sctp";
  containerPort: number;
  hostPort: number;
  hostIp: string;
}

/** Linux namespaces shared: `POD` the sandbox's own, `CONTAINER` one each, `NODE` the host's, `TARGET` another container's. */
export type NamespaceMode = "POD" | "CONTAINER" | "NODE" | "TARGET";
export interface NamespaceOptions {
  network: "POD" | "NODE";
  pid: NamespaceMode;
  ipc: "POD" | "NODE";
  /** With `TARGET`: id of that container. */
  targetId?: string;
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  hostname: string;
  /** Where container log files go: `<logDirectory>/<container.logPath>`. */
  logDirectory: string;
  dnsConfig?: DnsConfig;
  portMappings: CriPortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: {
    /** `/kubepods/burstable/pod<uid>`, below the instance's own cgroup. */
    cgroupParent: string;
    /** For the pod's cgroup as a whole; absent: no limit of its own. */
    resources?: LinuxContainerResources;
    sysctls: Record<string, string>;
    namespaceOptions: NamespaceOptions;
    privileged: boolean;
  };
}

export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxMetadata;
  state: "READY" | "NOTREADY";
  createdAtNs: bigint;
  /** Primary address; empty with the host's network. */
  ip: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  namespaceOptions: NamespaceOptions;
}

export interface CriMount {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
  propagation: "PRIVATE" | "HOST_TO_CONTAINER" | "BIDIRECTIONAL";
  /** With all mounts below it. */
  recursiveReadOnly?: boolean;
}

export interface LinuxContainerResources {
  cpuShares?: number;
  cpuQuotaUs?: number;
  cpuPeriodUs?: number;
  memoryLimitBytes?: number;
  oomScoreAdj?: number;
  pidsLimit?: number;
}

export interface LinuxSecurityContext {
  privileged: boolean;
  readonlyRootfs: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  runAsUsername?: string;
  supplementalGroups: number[];
  addCapabilities: string[];
  dropCapabilities: string[];
  noNewPrivileges: boolean;
  namespaceOptions: NamespaceOptions;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccompUnconfined?: boolean;
}

export interface ContainerMetadata {
  name: string;
  attempt: number;
}

export interface CriContainerConfig {
  metadata: ContainerMetadata;
  /** Image reference or id as the image service returned it. */
  image: string;
  /** What the Pod's manifest said. */
  userSpecifiedImage: string;
  command: string[];
  args: string[];
  workingDir: string;
  envs: { key: string; value: string }[];
  mounts: CriMount[];
  devices: { hostPath: string; containerPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's logDirectory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  stopSignal?: string;
  linux: { resources: LinuxContainerResources; securityContext: LinuxSecurityContext };
}

export type CriContainerState = "CREATED" | "RUNNING" | "EXITED" | "UNKNOWN";

export interface CriContainerStatus {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata;
  state: CriContainerState;
  createdAtNs: bigint;
  /** 0n for not yet. */
  startedAtNs: bigint;
  finishedAtNs: bigint;
  exitCode: number;
  /** User-visible image name and resolved id. */
  image: string;
  imageRef: string;
  imageId: string;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`, `StartError`, … */
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: CriMount[];
  /** Absolute. */
  logPath: string;
  pid: number;
}

export interface ContainerEvent {
  type: "CREATED" | "STARTED" | "STOPPED" | "DELETED";
  containerId: string;
  podSandboxId: string;
  podUid: string;
}

export interface ExecStreams {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** Columns and rows, whenever the client's terminal changes. */
  onResize?: (listener: (columns: number, rows: number) => void) => void;
}

export interface CriNetworkCounters {
  name: string;
  rxBytes: number;
  rxErrors: number;
  txBytes: number;
  txErrors: number;
}

/** What a running container has used of processor time since its start, and holds now. Nothing of it is read from the disk. */
export interface CriContainerUsage {
  containerId: string;
  readAtMs: number;
  cpuUsageNs: number;
  memoryWorkingSetBytes: number;
  memoryUsageBytes: number;
  memoryRssBytes: number;
  pageFaults: number;
  majorPageFaults: number;
  processes: number;
  /** Of its sandbox's network; none where that is the host's. */
  networks: CriNetworkCounters[];
}

export interface CriContainerStats extends CriContainerUsage {
  rootfsUsedBytes: number;
}

/** CRI's RuntimeService. Stop and Remove succeed on what is gone. */
export interface CriRuntimeService {
  version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }>;
  status(): Promise<{ runtimeReady: boolean; networkReady: boolean; message: string }>;
  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus | undefined>;
  listPodSandboxes(filter?: { id?: string; labels?: Record<string, string> }): Promise<PodSandboxStatus[]>;
  createContainer(
    sandboxId: string,
    config: CriContainerConfig,
    sandboxConfig: PodSandboxConfig,
  ): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  listContainers(filter?: {
    sandboxId?: string;
    labels?: Record<string, string>;
  }): Promise<CriContainerStatus[]>;
  containerStatus(containerId: string): Promise<CriContainerStatus | undefined>;
  /** Output is cut at 16 MiB; DeadlineExceeded after the timeout (0: none). */
  execSync(
    containerId: string,
    command: string[],
    timeoutSeconds: number,
  ): Promise<{ stdout: Buffer; stderr: Buffer; exitCode: number }>;
  exec(
    containerId: string,
    command: string[],
    options: { tty: boolean; signal?: AbortSignal },
    streams: ExecStreams,
  ): Promise<{ exitCode: number }>;
  attach(
    containerId: string,
    options: { tty: boolean; signal?: AbortSignal },
    streams: ExecStreams,
  ): Promise<void>;
  /** One connection to a TCP port inside the sandbox's network namespace. */
  portForward(sandboxId: string, port: number): Promise<import("node:stream").Duplex>;
  /** Undefined for a container that does not run. */
  containerUsage(containerId: string): Promise<CriContainerUsage | undefined>;
  /** Its usage and the size of its writable layer, which is measured file by file. */
  containerStats(containerId: string): Promise<CriContainerStats | undefined>;
  updateContainerResources(containerId: string, resources: LinuxContainerResources): Promise<void>;
  /** Of the pod as a whole. Conflict where its processes hold more memory than the limit. */
  updatePodSandboxResources(sandboxId: string, resources: LinuxContainerResources): Promise<void>;
  onEvent(listener: (event: ContainerEvent) => void): () => void;
}

export interface CriImage {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  sizeBytes: number;
  /** From the image's USER: numeric, or a name. */
  uid?: number;
  username?: string;
}

/** CRI's ImageService. */
export interface CriImageService {
  listImages(): Promise<CriImage[]>;
  imageStatus(image: string): Promise<CriImage | undefined>;
  pullImage(
    image: string,
    auth?: { username: string; password: string },
    signal?: AbortSignal,
  ): Promise<string>;
  removeImage(image: string): Promise<void>;
}
