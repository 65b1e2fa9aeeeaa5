import { cgroupMode, hostInfo } from "../../kernel/index.ts";
import type { OciResources, OciRlimit } from "../../runtime/index.ts";
import { RLIMIT_NAMES } from "../../runtime/index.ts";
import { invalidRequest } from "../errors.ts";
import type { HostConfig } from "../types.ts";
import { blockIoOf, checkBlockIo } from "./block-io-limits.ts";

const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;
const DEFAULT_CPU_PERIOD_US = 100_000;

/** Refuses limits that cannot be, in Docker's words, and fills in those that follow from others. */
export function checkResources(hostConfig: HostConfig, options: { isUpdate?: boolean } = {}): void {
  checkMemory(hostConfig, options.isUpdate ?? false);
  checkCpu(hostConfig);
  checkBlockIo(hostConfig);
  const adjustment = hostConfig.OomScoreAdj ?? 0;
  if (adjustment < -1000 || adjustment > 1000) {
    throw invalidRequest(`Invalid value ${adjustment}, range for oom score adj is [-1000, 1000]`);
  }
  if ((hostConfig.ShmSize ?? 0) < 0) throw invalidRequest("SHM size can not be less than 0");
  for (const limit of hostConfig.Ulimits ?? []) checkUlimit(limit);
}

function checkMemory(hostConfig: HostConfig, isUpdate: boolean): void {
  const memory = hostConfig.Memory ?? 0;
  const swap = hostConfig.MemorySwap ?? 0;
  const reservation = hostConfig.MemoryReservation ?? 0;
  if (memory !== 0 && memory < MINIMUM_MEMORY_BYTES)
    throw invalidRequest("Minimum memory limit allowed is 6MB");
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalidRequest("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (memory === 0 && swap > 0 && !isUpdate) {
    throw invalidRequest("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  const swappiness = swappinessOf(hostConfig) ?? 0;
  if (swappiness < 0 || swappiness > 100) {
    throw invalidRequest(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (reservation > 0 && reservation < MINIMUM_MEMORY_BYTES) {
    throw invalidRequest("Minimum memory reservation allowed is 6MB");
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalidRequest("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(hostConfig: HostConfig): void {
  const { NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0 } = hostConfig;
  if (CpuShares < 0) {
    throw invalidRequest(`invalid CPU shares (${CpuShares}): value must be a positive integer`);
  }
  if (NanoCpus > 0 && CpuPeriod > 0) {
    throw invalidRequest("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (NanoCpus > 0 && CpuQuota > 0) {
    throw invalidRequest("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  const { cpus, memoryNodes } = hostInfo();
  if (NanoCpus < 0 || NanoCpus > cpus * 1e9) {
    throw invalidRequest(
      `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
    );
  }
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000)) {
    throw invalidRequest(
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    );
  }
  if (CpuQuota > 0 && CpuQuota < 1000)
    throw invalidRequest("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  checkCpuset("CPUs", "cpuset cpus", hostConfig.CpusetCpus, cpus === 1 ? "0" : `0-${cpus - 1}`);
  const mems = hostConfig.CpusetMems;
  checkCpuset("memory nodes", "cpuset mems", typeof mems === "string" ? mems : "", memoryNodes);
}

/** `0-2,4`, of those that the machine has. */
function checkCpuset(what: string, name: string, list: string | undefined, available: string): void {
  if (!list) return;
  const present = numbersOf(available)!;
  const asked = numbersOf(list);
  if (!asked) throw invalidRequest(`Invalid value ${list} for ${name}: invalid format: ${list}`);
  if (asked.every((number) => present.includes(number))) return;
  throw invalidRequest(`Requested ${what} are not available - requested ${list}, available: ${available}`);
}

/** No machine has more. */
const MAX_NUMBER = 8192;

function numbersOf(list: string): number[] | undefined {
  const numbers: number[] = [];
  for (const range of list.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!match || last < first || last > MAX_NUMBER) return undefined;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}

function checkUlimit(limit: { Name: string; Soft: number; Hard: number }): void {
  if (!RLIMIT_NAMES.has(rlimitName(limit.Name))) throw invalidRequest(`invalid ulimit type: ${limit.Name}`);
  if (limit.Hard !== -1 && limit.Soft > limit.Hard) {
    throw invalidRequest(
      `ulimit soft limit must be less than or equal to hard limit: ${limit.Soft} > ${limit.Hard}`,
    );
  }
}

const rlimitName = (name: string) => `RLIMIT_${name.toUpperCase()}`;

export function ociRlimits(hostConfig: HostConfig): OciRlimit[] {
  return (hostConfig.Ulimits ?? []).map((limit) => ({
    type: rlimitName(limit.Name),
    soft: limit.Soft,
    hard: limit.Hard,
  }));
}

/** Only what was asked for: an absent limit is the parent's. */
export function ociResources(hostConfig: HostConfig): OciResources {
  const resources: OciResources = {};
  const memory = memoryOf(hostConfig);
  if (Object.keys(memory).length > 0) resources.memory = memory;
  const cpu = cpuOf(hostConfig);
  if (Object.keys(cpu).length > 0) resources.cpu = cpu;
  // Said of a container that had a limit, anything below 1 lifts it: the runtimes' word for that is -1.
  const pids = hostConfig.PidsLimit ?? undefined;
  if (pids !== undefined) resources.pids = { limit: pids > 0 ? pids : -1 };
  const blockIO = blockIoOf(hostConfig);
  if (Object.keys(blockIO).length > 0) resources.blockIO = blockIO;
  return resources;
}

function memoryOf(hostConfig: HostConfig): NonNullable<OciResources["memory"]> {
  const memory: NonNullable<OciResources["memory"]> = {};
  if (hostConfig.Memory) memory.limit = hostConfig.Memory;
  if (hostConfig.MemoryReservation) memory.reservation = hostConfig.MemoryReservation;
  if (hostConfig.MemorySwap && hostConfig.Memory) memory.swap = hostConfig.MemorySwap;
  // Version 2 of cgroups has nothing like it, and Docker leaves it out there.
  const swappiness = swappinessOf(hostConfig);
  if (swappiness !== undefined && cgroupMode() !== "v2") memory.swappiness = swappiness;
  return memory;
}

/** -1 is the client's word for "not asked for". */
function swappinessOf({ MemorySwappiness: value }: HostConfig): number | undefined {
  return typeof value === "number" && value !== -1 ? value : undefined;
}

function cpuOf(hostConfig: HostConfig): NonNullable<OciResources["cpu"]> {
  const cpu: NonNullable<OciResources["cpu"]> = {};
  if (hostConfig.CpuShares) cpu.shares = hostConfig.CpuShares;
  if (hostConfig.NanoCpus) {
    cpu.period = DEFAULT_CPU_PERIOD_US;
    cpu.quota = Math.round((hostConfig.NanoCpus * DEFAULT_CPU_PERIOD_US) / 1e9);
  }
  if (hostConfig.CpuPeriod) cpu.period = hostConfig.CpuPeriod;
  if (hostConfig.CpuQuota) cpu.quota = hostConfig.CpuQuota;
  if (hostConfig.CpusetCpus) cpu.cpus = hostConfig.CpusetCpus;
  if (typeof hostConfig.CpusetMems === "string" && hostConfig.CpusetMems) cpu.mems = hostConfig.CpusetMems;
  return cpu;
}
