import type { LinuxContainerResources } from "../../../cri/types.ts";

/** Of two sets of limits the wider one of each kind; what is absent has no limit. */
export function largerLimits(
  a: LinuxContainerResources,
  b: LinuxContainerResources,
): LinuxContainerResources {
  const shares = Math.max(a.cpuShares ?? 0, b.cpuShares ?? 0);
  return {
    ...(shares > 0 ? { cpuShares: shares } : {}),
    ...(a.cpuQuotaUs && b.cpuQuotaUs
      ? { cpuQuotaUs: Math.max(a.cpuQuotaUs, b.cpuQuotaUs), cpuPeriodUs: b.cpuPeriodUs }
      : {}),
    ...(a.memoryLimitBytes && b.memoryLimitBytes
      ? { memoryLimitBytes: Math.max(a.memoryLimitBytes, b.memoryLimitBytes) }
      : {}),
  };
}
