import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupDir, cgroupLayout } from "./cgroup-layout.ts";

export interface CgroupStats {
  cpuUsageNs: number;
  cpuUserNs: number;
  cpuSystemNs: number;
  cpuThrottledPeriods: number;
  cpuThrottledNs: number;
  memoryUsageBytes: number;
  /** Infinity for no limit. */
  memoryLimitBytes: number;
  /** Usage without the file cache that can be dropped at once: what Kubernetes calls the working set. */
  memoryWorkingSetBytes: number;
  memoryMaxUsageBytes: number;
  /** All lines of memory.stat. */
  memoryStats: Record<string, number>;
  pidsCurrent: number;
  /** 0 for no limit. */
  pidsLimit: number;
  blockReadBytes: number;
  blockWriteBytes: number;
}

/** v1 says "no limit" as the largest multiple of the page size. */
const V1_NO_LIMIT = 2 ** 62;

/** What the cgroup uses now; zeros for what the host does not count; undefined when there is no such cgroup. */
export function cgroupStats(path: string): CgroupStats | undefined {
  return cgroupLayout().mode === "v2" ? statsV2(path) : statsV1(path);
}

function statsV2(path: string): CgroupStats | undefined {
  const dir = cgroupDir(path, "memory")!;
  const cpu = readKeyed(join(dir, "cpu.stat"));
  if (!cpu) return undefined;
  const memory = readKeyed(join(dir, "memory.stat")) ?? {};
  const usage = readNumber(join(dir, "memory.current"));
  const io = readIoV2(join(dir, "io.stat"));
  const pidsMax = readText(join(dir, "pids.max"));
  return {
    cpuUsageNs: (cpu.usage_usec ?? 0) * 1000,
    cpuUserNs: (cpu.user_usec ?? 0) * 1000,
    cpuSystemNs: (cpu.system_usec ?? 0) * 1000,
    cpuThrottledPeriods: cpu.nr_throttled ?? 0,
    cpuThrottledNs: (cpu.throttled_usec ?? 0) * 1000,
    memoryUsageBytes: usage,
    memoryLimitBytes: limitOf(readText(join(dir, "memory.max"))),
    memoryWorkingSetBytes: Math.max(0, usage - (memory.inactive_file ?? 0)),
    memoryMaxUsageBytes: readNumber(join(dir, "memory.peak")) || usage,
    memoryStats: memory,
    pidsCurrent: readNumber(join(dir, "pids.current")),
    pidsLimit: pidsMax === "max" ? 0 : Number(pidsMax) || 0,
    blockReadBytes: io.read,
    blockWriteBytes: io.write,
  };
}

function statsV1(path: string): CgroupStats | undefined {
  const file = (controller: string, name: string) =>
    join(cgroupDir(path, controller) ?? "/nonexistent", name);
  const usageText =
    readText(file("cpuacct", "cpuacct.usage")) || readText(file("memory", "memory.usage_in_bytes"));
  if (!usageText) return undefined;
  const ticks = readKeyed(file("cpuacct", "cpuacct.stat")) ?? {};
  const throttling = readKeyed(file("cpu", "cpu.stat")) ?? {};
  const memory = readKeyed(file("memory", "memory.stat")) ?? {};
  const usage = readNumber(file("memory", "memory.usage_in_bytes"));
  const io = readIoV1(file("blkio", "blkio.throttle.io_service_bytes"));
  const pidsMax = readText(file("pids", "pids.max"));
  return {
    cpuUsageNs: readNumber(file("cpuacct", "cpuacct.usage")),
    cpuUserNs: (ticks.user ?? 0) * 1e7,
    cpuSystemNs: (ticks.system ?? 0) * 1e7,
    cpuThrottledPeriods: throttling.nr_throttled ?? 0,
    cpuThrottledNs: throttling.throttled_time ?? 0,
    memoryUsageBytes: usage,
    memoryLimitBytes: limitOf(readText(file("memory", "memory.limit_in_bytes"))),
    memoryWorkingSetBytes: Math.max(0, usage - (memory.total_inactive_file ?? 0)),
    memoryMaxUsageBytes: readNumber(file("memory", "memory.max_usage_in_bytes")),
    memoryStats: memory,
    pidsCurrent: readNumber(file("pids", "pids.current")),
    pidsLimit: pidsMax === "max" ? 0 : Number(pidsMax) || 0,
    blockReadBytes: io.read,
    blockWriteBytes: io.write,
  };
}

/** How often the kernel's OOM killer struck in the cgroup; undefined when it is gone. */
export function oomKillCount(path: string): number | undefined {
  const dir = cgroupDir(path, "memory");
  if (!dir) return undefined;
  const file = cgroupLayout().mode === "v2" ? "memory.events" : "memory.oom_control";
  return readKeyed(join(dir, file))?.oom_kill;
}

function limitOf(text: string): number {
  const value = Number(text);
  return text === "" || text === "max" || value >= V1_NO_LIMIT ? Number.POSITIVE_INFINITY : value;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

function readNumber(file: string): number {
  return Number(readText(file)) || 0;
}

/** Lines of `key value`. */
function readKeyed(file: string): Record<string, number> | undefined {
  const text = readText(file);
  if (!text) return undefined;
  const values: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    values[line.slice(0, space)] = Number(line.slice(space + 1));
  }
  return values;
}

/** Lines of `8:0 rbytes=1 wbytes=2 …`. */
function readIoV2(file: string): { read: number; write: number } {
  const sum = { read: 0, write: 0 };
  for (const [, name, value] of readText(file).matchAll(/\b([rw])bytes=(\d+)/g)) {
    if (name === "r") sum.read += Number(value);
    else sum.write += Number(value);
  }
  return sum;
}

/** Lines of `8:0 Read 1`. */
function readIoV1(file: string): { read: number; write: number } {
  const sum = { read: 0, write: 0 };
  for (const [, name, value] of readText(file).matchAll(/^\S+ (Read|Write) (\d+)$/gm)) {
    if (name === "Read") sum.read += Number(value);
    else sum.write += Number(value);
  }
  return sum;
}
