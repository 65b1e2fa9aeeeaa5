import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode, errorMessage, GantryError, systemClock } from "../base/index.ts";
import { cgroupDir, cgroupDirs, cgroupLayout } from "./cgroup-layout.ts";
import { killProcess } from "./processes.ts";

/** Infinity lifts a limit that was set before. */
export interface CgroupLimits {
  memoryBytes?: number;
  /** CPU time per period. */
  cpuQuotaUs?: number;
  cpuPeriodUs?: number;
  cpuShares?: number;
  pids?: number;
}

/** Makes a cgroup (`/gantry-ab12cd/pod-1`) with its parents in every hierarchy; fine when it is there. */
export function createCgroup(path: string, limits: CgroupLimits = {}): void {
  const { mode, unified } = cgroupLayout();
  if (mode === "v2") {
    enableControllers(unified!, path);
    mkdirSync(join(unified!, path), { recursive: true, mode: 0o755 });
  } else {
    for (const dir of cgroupDirs(path)) makeV1Dir(dir);
  }
  setCgroupLimits(path, limits);
}

/** A new v1 cpuset is empty, and no process can enter it, unless it is filled from its parent. */
function makeV1Dir(dir: string): void {
  if (existsSync(dir)) return;
  makeV1Dir(dirname(dir));
  mkdirSync(dir, { mode: 0o755 });
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = join(dir, file);
    if (existsSync(own)) writeFileSync(own, readFileSync(join(dirname(dir), file)));
  }
}

const V2_CONTROLLERS = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

/** In v2 a child has only the controllers that each cgroup above it passes on. */
function enableControllers(root: string, path: string): void {
  let dir = root;
  for (const part of path.split("/").filter(Boolean)) {
    const available = new Set(readFileSync(join(dir, "cgroup.controllers"), "utf8").trim().split(" "));
    for (const controller of V2_CONTROLLERS.filter((name) => available.has(name))) {
      try {
        writeFileSync(join(dir, "cgroup.subtree_control"), `+${controller}`);
      } catch {
        // Processes live in this cgroup itself (a container as host, say): children go without the controller.
      }
    }
    dir = join(dir, part);
    mkdirSync(dir, { recursive: true, mode: 0o755 });
  }
}

/** Writes limits; what is absent stays as it is, and controllers that the host lacks are passed over. */
export function setCgroupLimits(path: string, limits: CgroupLimits): void {
  const isV2 = cgroupLayout().mode === "v2";
  const set = (controller: string, file: string, value: string | number) => {
    const dir = cgroupDir(path, controller);
    if (dir && existsSync(join(dir, file))) writeLimit(join(dir, file), String(value));
  };
  if (limits.memoryBytes) {
    set("memory", isV2 ? "memory.max" : "memory.limit_in_bytes", limits.memoryBytes);
  }
  if (limits.pids) set("pids", "pids.max", numberOrMax(limits.pids));
  if (limits.cpuShares) {
    if (isV2) set("cpu", "cpu.weight", cpuWeightOf(limits.cpuShares));
    else set("cpu", "cpu.shares", limits.cpuShares);
  }
  if (limits.cpuQuotaUs) {
    const period = limits.cpuPeriodUs ?? 100_000;
    if (isV2) set("cpu", "cpu.max", `${numberOrMax(limits.cpuQuotaUs)} ${period}`);
    else {
      set("cpu", "cpu.cfs_period_us", period);
      set("cpu", "cpu.cfs_quota_us", Number.isFinite(limits.cpuQuotaUs) ? limits.cpuQuotaUs : -1);
    }
  }
}

const numberOrMax = (limit: number) => (Number.isFinite(limit) ? limit : "max");

/** v1 shares 2..262144 onto v2 weights 1..10000, as the OCI runtimes map them. */
export function cpuWeightOf(shares: number): number {
  return Math.floor(1 + ((Math.max(2, shares) - 2) * 9999) / 262142);
}

function writeLimit(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch (error) {
    throw new GantryError("InvalidArgument", `cannot set ${file} to ${value}: ${errorMessage(error)}`, {
      code: "Kernel.CgroupLimit",
      details: { errno: errnoCode(error) },
      cause: error,
    });
  }
}

/** Names of the cgroups right below it, in whichever hierarchy. */
export function cgroupsBelow(path: string): string[] {
  return [...new Set(cgroupDirs(path).flatMap((dir) => childCgroups(dir).map((child) => basename(child))))];
}

/** Pids in the cgroup and those below it. */
export function cgroupProcesses(path: string): number[] {
  const pids = new Set<number>();
  for (const dir of cgroupDirs(path)) collectPids(dir, pids);
  return [...pids];
}

function collectPids(dir: string, pids: Set<number>): void {
  for (const pid of readLines(join(dir, "cgroup.procs"))) pids.add(Number(pid));
  for (const child of childCgroups(dir)) collectPids(child, pids);
}

function childCgroups(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(dir, entry.name));
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/** SIGKILL for every process in the cgroup and below it. Returns how many there were. */
export function killCgroup(path: string): number {
  const pids = cgroupProcesses(path);
  const killFile = cgroupDir(path, "memory");
  if (
    pids.length > 0 &&
    cgroupLayout().mode === "v2" &&
    killFile &&
    existsSync(join(killFile, "cgroup.kill"))
  ) {
    writeFileSync(join(killFile, "cgroup.kill"), "1");
    return pids.length;
  }
  for (const pid of pids) killProcess(pid, "SIGKILL");
  return pids.length;
}

/**
 * Removes the cgroup and those below it from every hierarchy; fine when it is gone. A cgroup stays busy for some moments
 * after its last process: it is tried again for `waitMs`, then Conflict.
 */
export async function removeCgroup(path: string, options: { waitMs?: number } = {}): Promise<void> {
  const deadline = systemClock.monotonicMs() + (options.waitMs ?? 2000);
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, 50)) {
    const busy = cgroupDirs(path).filter((dir) => !removeDirs(dir));
    if (busy.length === 0) return;
    if (systemClock.monotonicMs() > deadline) {
      throw new GantryError("Conflict", `cgroup ${path} is still in use`, { code: "Kernel.CgroupBusy" });
    }
    await systemClock.sleep(delayMs);
  }
}

function removeDirs(dir: string): boolean {
  for (const child of childCgroups(dir)) if (!removeDirs(child)) return false;
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    return errnoCode(error) === "ENOENT";
  }
}

/** Stops or resumes all processes of a cgroup. Resolves when the kernel says that it is done. */
export async function freezeCgroup(path: string, frozen: boolean): Promise<void> {
  const isV2 = cgroupLayout().mode === "v2";
  const dir = cgroupDir(path, "freezer");
  if (!dir) throw new GantryError("NotImplemented", "this host has no freezer", { code: "Kernel.NoFreezer" });
  const wanted = isV2 ? (frozen ? "1" : "0") : frozen ? "FROZEN" : "THAWED";
  writeFileSync(join(dir, isV2 ? "cgroup.freeze" : "freezer.state"), wanted);
  const reached = () =>
    isV2
      ? readFileSync(join(dir, "cgroup.events"), "utf8").includes(`frozen ${wanted}`)
      : readFileSync(join(dir, "freezer.state"), "utf8").trim() === wanted;
  for (let tries = 0; !reached() && tries < 400; tries++) await systemClock.sleep(5);
}

/** Moves a process into the cgroup in every hierarchy. */
export function enterCgroup(path: string, pid: number): void {
  for (const dir of cgroupDirs(path)) {
    if (existsSync(dir)) writeFileSync(join(dir, "cgroup.procs"), String(pid));
  }
}
