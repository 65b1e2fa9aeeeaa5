import { closeSync, constants, existsSync, openSync, rmSync, writeSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, conflict, errnoCode, failpoint, type Logger, systemClock } from "../base/index.ts";
import {
  cgroupProcesses,
  freezeCgroup,
  hostInfo,
  isSameProcess,
  killCgroup,
  killProcess,
  listMounts,
  oomKillCount,
  processIdentity,
  removeCgroup,
  setCgroupLimits,
  watchProcessExit,
} from "../kernel/index.ts";
import { attachInput } from "./attach-input.ts";
import { isFrozen, killFrozenToo, removeBundleFiles } from "./container-remains.ts";
import { startExec } from "./exec.ts";
import { readExitFile, removeExitFile, writeExitFile } from "./exit-file.ts";
import type { LogLimits } from "./log/index.ts";
import { LogKeeper } from "./log/log-keeper.ts";
import { undoMove } from "./log/log-rotation.ts";
import { spawnMonitor } from "./monitor.ts";
import { endMonitor, findMonitors, isMonitorOf } from "./monitor-scan.ts";
import { openInProcess } from "./mounted-root.ts";
import type { OciResources } from "./oci-spec.ts";
import { type ProcessFile, ProcessFiles } from "./process-file.ts";
import { listHostProcesses } from "./process-list.ts";
import { resizeMonitored } from "./resize-monitored.ts";
import { mustRunRuntime, runRuntime } from "./runtime-command.ts";
import { SeccompCache } from "./seccomp-cache.ts";
import { assertProcIntact } from "./spec/index.ts";
import type {
  AdoptedContainer,
  AttachedInput,
  ContainerRuntime,
  CreateOptions,
  ExecOptions,
  MountedRoot,
  ProcessRecord,
  RunningExec,
  RuntimeExit,
  RuntimeInfo,
} from "./types.ts";
import { unboundedLimits, withoutUnbounded } from "./unbounded-resources.ts";

export interface ContainerRuntimeOptions {
  /** `<home>/run`: the runtime's state, exit files, exec files. */
  stateDir: string;
  info: RuntimeInfo;
  logger: Logger;
  clock?: Clock;
}

interface Live {
  file: ProcessFile;
  stopWatching: () => void;
  exited: boolean;
  /** SIGKILL was sent: frozen, it could not die of it (cgroup v1). */
  killed: boolean;
}

const notRunning = (id: string) => conflict(`container ${id} is not running`, { code: "Runtime.NotRunning" });

/** As a shell counts a death by SIGKILL; given to ends that nobody saw. */
const UNSEEN_EXIT_CODE = 137;
/** Of 200 ms each. */
const CGROUP_TRIES = 10;
const SIGKILL = 9;

/**
 * Drives crun (or runc) with one conmon a container. conmon writes the exit code to a file and then ends; its end is
 * watched by a pidfd, so that an exit is known within a millisecond and without polling.
 */
export class OciContainerRuntime implements ContainerRuntime {
  readonly info: RuntimeInfo;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #root: string;
  readonly #exitDir: string;
  readonly #execDir: string;
  readonly #sharedDir: string;
  readonly #temporaryDir: string;
  readonly #files: ProcessFiles;
  readonly #seccomp: SeccompCache;
  readonly #logs: LogKeeper;
  readonly #live = new Map<string, Live>();
  /** Of an earlier run; the records of some may be missing. */
  #foundMonitors = new Map<string, number>();
  readonly #listeners = new Set<(id: string, exit: RuntimeExit) => void>();

  constructor(options: ContainerRuntimeOptions) {
    this.info = options.info;
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
    this.#root = join(options.stateDir, options.info.name);
    this.#exitDir = join(options.stateDir, "exits");
    this.#execDir = join(options.stateDir, "exec");
    this.#sharedDir = join(options.stateDir, "shared-mounts");
    this.#logs = new LogKeeper(options.logger);
    // conmon binds a socket here, whose path may have 107 bytes.
    this.#temporaryDir = options.stateDir.length < 80 ? options.stateDir : "/tmp";
    this.#files = new ProcessFiles(join(options.stateDir, "processes"));
    this.#seccomp = new SeccompCache(join(options.stateDir, "seccomp"), options.info);
  }

  async open(): Promise<void> {
    // Executions do not outlive the program; their files do.
    await rm(this.#execDir, { recursive: true, force: true });
    for (const dir of [this.#root, this.#exitDir, this.#execDir, this.#sharedDir])
      await mkdir(dir, { recursive: true, mode: 0o700 });
    this.#files.open();
    this.#seccomp.open();
    this.#foundMonitors = findMonitors(this.#exitDir);
  }

  async close(): Promise<void> {
    for (const live of this.#live.values()) live.stopWatching();
    this.#live.clear();
    this.#listeners.clear();
    await this.#logs.close();
  }

  async create(options: CreateOptions): Promise<ProcessRecord> {
    if (this.#files.read(options.id)) await this.delete(options.id);
    const { id, bundleDir } = options;
    await mkdir(options.rootfsDir, { recursive: true, mode: 0o711 });
    await mkdir(bundleDir, { recursive: true, mode: 0o700 });
    const file: ProcessFile = {
      id,
      bundleDir,
      rootfsDir: options.rootfsDir,
      cgroupPath: "",
      bootId: hostInfo().bootId,
      terminal: options.terminal,
    };
    let keepFilter: (compiledFile: string) => void = () => {};
    let checkMounts: (pid: number) => void = () => {};
    const wrapped: CreateOptions = {
      ...options,
      buildSpec: (rootfsDir) => {
        const spec = options.buildSpec(rootfsDir);
        // A new cgroup has no limits that could be lifted.
        spec.linux.resources = withoutUnbounded(spec.linux.resources);
        file.cgroupPath = spec.linux.cgroupsPath;
        keepFilter = this.#seccomp.apply(spec);
        checkMounts = (pid) => assertProcIntact(spec, () => listMounts(pid));
        // Before there is any process, so that a crash in the middle leaves nothing that cannot be found.
        this.#files.write(file);
        return spec;
      },
    };
    try {
      const { pid, monitorPid } = await spawnMonitor(wrapped, {
        runtime: this.info,
        runtimeRoot: this.#root,
        exitDir: this.#exitDir,
        sharedDir: this.#sharedDir,
        temporaryDir: this.#temporaryDir,
      });
      failpoint("runtime/create/spawned");
      file.pid = pid;
      file.startTime = processIdentity(pid)?.startTime;
      file.monitorPid = monitorPid;
      file.monitorStartTime = processIdentity(monitorPid)?.startTime;
      this.#files.write(file);
      keepFilter(join(this.#root, id, "seccomp.bpf"));
      this.#watch(file);
      checkMounts(pid);
      return { pid, startTime: file.startTime ?? 0 };
    } catch (error) {
      await this.delete(id);
      throw error;
    }
  }

  async start(id: string): Promise<void> {
    this.#require(id);
    if (this.info.name === "crun" && this.#releaseByFifo(id)) return;
    await mustRunRuntime(this.info, this.#root, ["start", id]);
  }

  /** What `crun start` does, without the process: the container waits for one byte in a fifo. */
  #releaseByFifo(id: string): boolean {
    const path = join(this.#root, id, "exec.fifo");
    let fd: number;
    try {
      fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (["ENOENT", "ENXIO"].includes(errnoCode(error) ?? "")) return false;
      throw error;
    }
    try {
      rmSync(path, { force: true });
      writeSync(fd, Buffer.alloc(1));
    } finally {
      closeSync(fd);
    }
    return true;
  }

  kill(id: string, signal: number): boolean {
    const live = this.#live.get(id);
    const file = live?.file;
    if (!file?.pid || !isSameProcess(file.pid, file.startTime ?? 0)) return false;
    if (signal === SIGKILL) live!.killed = true;
    return killProcess(file.pid, signal);
  }

  killAll(id: string): void {
    const file = this.#live.get(id)?.file ?? this.#files.read(id);
    if (file?.cgroupPath) killCgroup(file.cgroupPath);
    this.kill(id, SIGKILL);
  }

  async pause(id: string): Promise<void> {
    if (this.#live.get(id)?.killed) throw notRunning(id);
    await this.#freeze(id, true);
  }

  async resume(id: string): Promise<void> {
    await this.#freeze(id, false);
  }

  async #freeze(id: string, frozen: boolean): Promise<void> {
    const { cgroupPath } = this.#require(id);
    try {
      await freezeCgroup(cgroupPath, frozen);
    } catch (error) {
      if (!["ENOENT", "ENODEV"].includes(errnoCode(error) ?? "")) throw error;
      throw notRunning(id);
    }
  }

  async update(id: string, resources: OciResources): Promise<void> {
    const { bundleDir, cgroupPath } = this.#require(id);
    setCgroupLimits(cgroupPath, unboundedLimits(resources));
    const bounded = withoutUnbounded(resources);
    if (Object.keys(bounded).length === 0) return;
    const path = join(bundleDir, "resources.json");
    await writeFile(path, JSON.stringify(bounded), { mode: 0o600 });
    try {
      await mustRunRuntime(this.info, this.#root, ["update", "--resources", path, id]);
    } finally {
      await rm(path, { force: true });
    }
  }

  async delete(id: string): Promise<void> {
    const file = this.#live.get(id)?.file ?? this.#files.read(id);
    const monitorPid = this.#monitorOf(id, file);
    this.#live.get(id)?.stopWatching();
    this.#live.delete(id);
    await this.#logs.release(id);
    if (!file && monitorPid === undefined) return;
    if (file?.cgroupPath) await killFrozenToo(file.cgroupPath);
    if (this.info.name !== "crun") await runRuntime(this.info, this.#root, ["delete", "--force", id]);
    // It writes the exit file last; that must not come after the file was removed.
    if (monitorPid !== undefined) await endMonitor(monitorPid, this.#clock);
    this.#foundMonitors.delete(id);
    // All that `crun delete` does, without the process: hooks, which it would run, are never set.
    await rm(join(this.#root, id), { recursive: true, force: true });
    if (file?.cgroupPath) await this.#removeCgroup(file.cgroupPath);
    removeExitFile(this.#exitDir, id);
    if (file) removeBundleFiles(file.bundleDir);
    this.#files.remove(id);
  }

  /** The container's monitor, if it lives: by its record, or (a crash came before that) as it was found at the start. */
  #monitorOf(id: string, file: ProcessFile | undefined): number | undefined {
    const pid = file?.monitorPid ?? this.#foundMonitors.get(id);
    return pid !== undefined && isMonitorOf(pid, id) ? pid : undefined;
  }

  /** What a creation that was cut off, or an execution, brings into it meanwhile is killed too. */
  async #removeCgroup(path: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await killFrozenToo(path);
        await removeCgroup(path, { waitMs: 200 });
        return;
      } catch (error) {
        if (tries < CGROUP_TRIES) continue;
        this.#logger.warn("a container's cgroup stays", { cgroup: path, error });
        return;
      }
    }
  }

  async adopt(id: string): Promise<AdoptedContainer> {
    const file = this.#files.read(id);
    if (!file) return { status: "absent" };
    if (file.pid === undefined || file.bootId !== hostInfo().bootId) {
      const exit = this.#recordedExit(file);
      if (file.pid !== undefined && exit) return { status: "exited", exit };
      await this.delete(id);
      return { status: "absent" };
    }
    const exit = this.#recordedExit(file);
    if (exit) {
      this.#live.set(id, { file, stopWatching: () => {}, exited: true, killed: false });
      return { status: "exited", exit };
    }
    if (file.monitorPid === undefined || !isSameProcess(file.monitorPid, file.monitorStartTime ?? 0)) {
      // It may have ended between the two looks.
      const late = this.#recordedExit(file) ?? this.#unseenExit(file);
      this.#live.set(id, { file, stopWatching: () => {}, exited: true, killed: false });
      return { status: "exited", exit: late };
    }
    this.#watch(file);
    return { status: this.#statusOf(file), pid: file.pid };
  }

  /** What `crun state` (or runc's) would say, without a process for each of perhaps hundreds of containers. */
  #statusOf({ id, cgroupPath }: ProcessFile): "created" | "running" | "paused" {
    if (existsSync(join(this.#root, id, "exec.fifo"))) return "created";
    return isFrozen(cgroupPath) ? "paused" : "running";
  }

  async list(): Promise<string[]> {
    return [...new Set([...this.#files.list(), ...this.#foundMonitors.keys()])];
  }

  onExit(listener: (id: string, exit: RuntimeExit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pidOf(id: string): number | undefined {
    const live = this.#live.get(id);
    return live && !live.exited ? live.file.pid : undefined;
  }

  openRootfs(id: string): MountedRoot {
    const { monitorPid, rootfsDir } = this.#require(id);
    return openInProcess(monitorPid!, rootfsDir);
  }

  cgroupPath(id: string): string | undefined {
    return this.#live.get(id)?.file.cgroupPath;
  }

  exec(options: ExecOptions): RunningExec {
    this.#require(options.containerId);
    return startExec(options, {
      runtime: this.info,
      runtimeRoot: this.#root,
      // Shortened, because a terminal's socket in it may have 107 bytes only.
      dir: join(this.#execDir, options.execId.slice(0, 16)),
      clock: this.#clock,
    });
  }

  async attachInput(id: string): Promise<AttachedInput> {
    return attachInput(join(this.#require(id).bundleDir, "attach"), this.#clock);
  }

  async resize(id: string, columns: number, rows: number): Promise<void> {
    const { bundleDir, terminal, monitorPid } = this.#require(id);
    if (!terminal) throw conflict(`container ${id} has no terminal`, { code: "Runtime.NoTerminal" });
    resizeMonitored({ monitorPid: monitorPid!, controlPath: join(bundleDir, "ctl") }, columns, rows);
  }

  keepLog(id: string, path: string, limits: LogLimits): void {
    const live = this.#live.get(id);
    if (!live || live.exited) return;
    this.#logs.keep(id, { path, controlPath: join(live.file.bundleDir, "ctl"), limits });
  }

  async settleLog(id: string, path: string): Promise<void> {
    await this.#logs.release(id);
    undoMove(path);
  }

  processes(id: string): number[] {
    const file = this.#live.get(id)?.file;
    return file ? cgroupProcesses(file.cgroupPath) : [];
  }

  listProcesses(psArguments: readonly string[]): Promise<string> {
    return listHostProcesses(psArguments);
  }

  #require(id: string): ProcessFile {
    const live = this.#live.get(id);
    if (!live || live.exited) throw notRunning(id);
    return live.file;
  }

  #watch(file: ProcessFile): void {
    const live: Live = { file, stopWatching: () => {}, exited: false, killed: false };
    this.#live.set(file.id, live);
    live.stopWatching = watchProcessExit(file.monitorPid!, () => this.#monitorEnded(live));
  }

  #monitorEnded(live: Live): void {
    if (this.#live.get(live.file.id) !== live || live.exited) return;
    live.exited = true;
    const exit = this.#recordedExit(live.file) ?? this.#unseenExit(live.file);
    for (const listener of this.#listeners) {
      try {
        listener(live.file.id, exit);
      } catch (error) {
        this.#logger.error("an exit listener failed", { container: live.file.id, error });
      }
    }
  }

  #recordedExit(file: ProcessFile): RuntimeExit | undefined {
    const exit = readExitFile(this.#exitDir, file.id);
    return exit && { ...exit, oomKilled: (oomKillCount(file.cgroupPath) ?? 0) > 0 };
  }

  /** Without its monitor a container has no log and no one to say how it ends: it is ended here. */
  #unseenExit(file: ProcessFile): RuntimeExit {
    if (file.bootId === hostInfo().bootId && file.cgroupPath) killCgroup(file.cgroupPath);
    writeExitFile(this.#exitDir, file.id, UNSEEN_EXIT_CODE);
    this.#logger.warn("a container's monitor ended without saying how the container did", {
      container: file.id,
    });
    const unseen = { exitCode: UNSEEN_EXIT_CODE, finishedAtMs: this.#clock.nowMs(), oomKilled: false };
    return this.#recordedExit(file) ?? unseen;
  }
}
