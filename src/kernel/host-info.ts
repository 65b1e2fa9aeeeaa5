import { readFileSync } from "node:fs";
import * as os from "node:os";

export interface HostInfo {
  kernelVersion: string;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  osPretty: string;
  osId: string;
  osVersion: string;
  /** As Go and OCI name it: `amd64`, `arm64`. */
  architecture: string;
  /** As uname names it: `x86_64`, `aarch64`. */
  machine: string;
  cpus: number;
  /** Numbers of the memory nodes: `0`, `0-1`. */
  memoryNodes: string;
  memoryBytes: number;
  hostname: string;
  machineId: string;
  bootId: string;
  bootedAtMs: number;
}

const GO_ARCHITECTURE: Record<string, string> = {
  x64: "amd64",
  ia32: "386",
  arm64: "arm64",
  arm: "arm",
  ppc64: "ppc64le",
  s390x: "s390x",
  riscv64: "riscv64",
  loong64: "loong64",
};

let facts: HostInfo | undefined;

/** What does not change while the machine runs; read once. */
export function hostInfo(): HostInfo {
  if (!facts) {
    const release = osRelease();
    facts = {
      kernelVersion: os.release(),
      osPretty: release.PRETTY_NAME ?? "Linux",
      osId: release.ID ?? "linux",
      osVersion: release.VERSION_ID ?? "",
      architecture: GO_ARCHITECTURE[process.arch] ?? process.arch,
      machine: os.machine(),
      cpus: os.availableParallelism(),
      memoryNodes: firstLineOf("/sys/devices/system/node/online") || "0",
      memoryBytes: os.totalmem(),
      hostname: os.hostname(),
      machineId: firstLineOf("/etc/machine-id", "/var/lib/dbus/machine-id"),
      bootId: firstLineOf("/proc/sys/kernel/random/boot_id"),
      bootedAtMs: Number(/^btime (\d+)$/m.exec(readOrEmpty("/proc/stat"))?.[1] ?? 0) * 1000,
    };
  }
  return facts;
}

function osRelease(): Record<string, string> {
  const values: Record<string, string> = {};
  for (const path of ["/etc/os-release", "/usr/lib/os-release"]) {
    const text = readOrEmpty(path);
    for (const [, key, value] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) {
      values[key!] ??= value!.replace(/^(["'])(.*)\1$/, "$2");
    }
    if (text) break;
  }
  return values;
}

function firstLineOf(...paths: string[]): string {
  for (const path of paths) {
    const line = readOrEmpty(path).trim();
    if (line) return line;
  }
  return "";
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Nanoseconds that all processors together have spent on anything but idling, and in total, since boot. */
export function hostCpuTime(): { totalNs: number; idleNs: number } {
  const fields = readOrEmpty("/proc/stat").split("\n", 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
  // USER_HZ is 100 on every Linux that Node runs on.
  const nanosecondsPerTick = 1e7;
  const total = fields.reduce((sum, value) => sum + value, 0);
  return {
    totalNs: total * nanosecondsPerTick,
    idleNs: ((fields[3] ?? 0) + (fields[4] ?? 0)) * nanosecondsPerTick,
  };
}

/** How many files a process of this one's limits may have open (the hard limit: Node raises the soft one to it). */
export function openFilesLimit(): number {
  const [, hard = "0"] =
    /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readOrEmpty("/proc/self/limits")) ?? [];
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
}

export interface HostMemory {
  totalBytes: number;
  freeBytes: number;
  /** Of files, and not used lately: the kernel takes these back first. */
  inactiveFileBytes: number;
  /** Of processes, with no file behind it. */
  anonymousBytes: number;
  /** What new work could take: free memory and what can be reclaimed. */
  availableBytes: number;
}

export function hostMemory(): HostMemory {
  const bytes = new Map<string, number>();
  for (const [, name, kibibytes] of readOrEmpty("/proc/meminfo").matchAll(/^(\S+):\s+(\d+) kB$/gm))
    bytes.set(name!, Number(kibibytes) * 1024);
  const freeBytes = bytes.get("MemFree") ?? os.freemem();
  return {
    totalBytes: bytes.get("MemTotal") ?? os.totalmem(),
    freeBytes,
    inactiveFileBytes: bytes.get("Inactive(file)") ?? 0,
    anonymousBytes: bytes.get("AnonPages") ?? 0,
    availableBytes: bytes.get("MemAvailable") ?? freeBytes,
  };
}
