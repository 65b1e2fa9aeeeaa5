import type { ContainerStats } from "../engine/types.ts";
import type { CriContainerUsage } from "./types.ts";

/** The engine's figures as CRI has them. Files of cgroup v1 count what is below a group under names of their own. */
export function containerUsage(containerId: string, stats: ContainerStats): CriContainerUsage {
  const { memoryStats, memoryUsageBytes, readAtMs, cpuUsageNs, pidsCurrent, networks } = stats;
  const memory = (v1: string, v2: string) => memoryStats[v1] ?? memoryStats[v2] ?? 0;
  // What the kernel can take back at once is no working set (cAdvisor's rule).
  const inactive = memory("total_inactive_file", "inactive_file");
  return {
    containerId,
    readAtMs,
    cpuUsageNs,
    memoryUsageBytes,
    memoryWorkingSetBytes: Math.max(0, memoryUsageBytes - inactive),
    memoryRssBytes: memory("total_rss", "anon"),
    pageFaults: memory("total_pgfault", "pgfault"),
    majorPageFaults: memory("total_pgmajfault", "pgmajfault"),
    processes: pidsCurrent,
    networks: Object.entries(networks).map(([name, { rxBytes, rxErrors, txBytes, txErrors }]) => ({
      name,
      rxBytes,
      rxErrors,
      txBytes,
      txErrors,
    })),
  };
}
