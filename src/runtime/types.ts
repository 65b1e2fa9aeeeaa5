import type { Readable, Writable } from "node:stream";
import type { LogLimits } from "./log/index.ts";
import type { OciProcess, OciResources, OciSpec } from "./oci-spec.ts";

/** What is mounted as a container's root: overlay directories, bottom layer last, or one directory. */
export interface RootfsSource {
  type: "overlay" | "bind";
  lowerDirs: string[];
  upperDir?: string;
  workDir?: string;
}

/** A container's root file system as a path that any file call of this process may use. */
export interface MountedRoot {
  /** `/proc/self/fd/<n>`: links inside must be resolved by the caller, within the root. */
  readonly path: string;
  readonly fd: number;
  close(): void;
}

export interface CreateOptions {
  id: string;
  /** Directory of this container's own: `config.json`, pid files, conmon's attach socket and control fifo. */
  bundleDir: string;
  rootfs: RootfsSource;
  /** Empty directory that the root is mounted on, visible to the container's monitor only. */
  rootfsDir: string;
  /** Absolute path of the log in CRI's format; appended to. No colon may stand in it. */
  logPath: string;
  terminal: boolean;
  openStdin: boolean;
  /**
   * Host paths that the specification binds with shared propagation: what is mounted in them on one side is seen on the
   * other one. Each must lie on a shared mount.
   */
  sharedSources?: readonly string[];
  /** Keep standard input open when an attached client goes away. */
  leaveStdinOpen: boolean;
  /**
   * Called with the root mounted at `rootfsDir`, for this call only and in the same tick: it must be synchronous.
   * Here user names are looked up and missing mount points made.
   */
  buildSpec(rootfsDir: string): OciSpec;
}

/** A process that can be told from a later one with the same number. */
export interface ProcessRecord {
  pid: number;
  /** Clock ticks since boot, as in /proc/<pid>/stat. */
  startTime: number;
}

export interface RuntimeExit {
  exitCode: number;
  oomKilled: boolean;
  /** Wall clock; when the monitor wrote it down. */
  finishedAtMs: number;
}

export type AdoptedContainer =
  | { status: "absent" }
  /** Made, but its process was not let go yet. */
  | { status: "created"; pid: number }
  | { status: "running" | "paused"; pid: number }
  | { status: "exited"; exit: RuntimeExit };

export interface ExecOptions {
  containerId: string;
  /** Names this execution in file names. */
  execId: string;
  process: OciProcess;
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** First size of the terminal. */
  columns?: number;
  rows?: number;
  /** The process was started. */
  onStarted?: (pid: number) => void;
}

export interface RunningExec {
  /** Resolves when the process has ended and its output was handed over; rejects when it could not be started. */
  readonly done: Promise<{ exitCode: number }>;
  resize(columns: number, rows: number): void;
  kill(signal: NodeJS.Signals | number): void;
}

/** Writes to the standard input of a running container. */
export interface AttachedInput {
  /** Resolves when the monitor has taken the bytes. */
  write(data: Buffer): Promise<void>;
  /** Ends the input (which the container sees unless it keeps its input open). */
  close(): void;
}

export interface RuntimeInfo {
  name: "crun" | "runc";
  path: string;
  version: string;
  conmonPath: string;
  conmonVersion: string;
}

/** OCI runtime and per-container monitor. Containers outlive the program; `adopt` finds them again. */
export interface ContainerRuntime {
  readonly info: RuntimeInfo;
  /** Makes the container; its process waits for `start`. Fails with the code `Runtime.Create*` and leaves nothing. */
  create(options: CreateOptions): Promise<ProcessRecord>;
  start(id: string): Promise<void>;
  /** Sends a signal to the main process; false when it is gone. */
  kill(id: string, signal: number): boolean;
  /** Kills every process of the container's cgroup. */
  killAll(id: string): void;
  /** Conflict `Runtime.NotRunning` when it has ended, or is about to. */
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  update(id: string, resources: OciResources): Promise<void>;
  /** Removes what the runtime keeps of a container that has ended (kills what is left of it). Succeeds when there is nothing. */
  delete(id: string): Promise<void>;
  /** Finds a container again after a restart of the program; from now on its exit is reported, unless it is in the answer. */
  adopt(id: string): Promise<AdoptedContainer>;
  /** Ids of all containers this runtime keeps something of. */
  list(): Promise<string[]>;
  /** Called once for each exit of a container that was created or adopted here; its log is complete then. */
  onExit(listener: (id: string, exit: RuntimeExit) => void): () => void;
  pidOf(id: string): number | undefined;
  /** The root file system of a running container without what is mounted into it. */
  openRootfs(id: string): MountedRoot;
  /** Path of the container's cgroup below each hierarchy's root: `/gantry-<instance>/<id>`. */
  cgroupPath(id: string): string | undefined;

  exec(options: ExecOptions): RunningExec;
  attachInput(id: string): Promise<AttachedInput>;
  resize(id: string, columns: number, rows: number): Promise<void>;
  /** Keeps the log of a container that runs within limits, by rotation: `<path>.1` is younger than `<path>.2`. */
  keepLog(id: string, path: string, limits: LogLimits): void;
  /** The container has ended: resolves when its log is whole and in its place, whatever a rotation was about to do. */
  settleLog(id: string, path: string): Promise<void>;
  /** Ids of the processes in the container's cgroup. */
  processes(id: string): number[];
  /** What the host's `ps` prints for these arguments. */
  listProcesses(psArguments: readonly string[]): Promise<string>;
  /** Stops watching; containers go on. */
  close(): Promise<void>;
}
