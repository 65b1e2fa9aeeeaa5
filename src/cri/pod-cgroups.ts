import { conflict, errorMessage, type Logger } from "../base/index.ts";
import {
  type CgroupLimits,
  cgroupProcesses,
  cgroupStats,
  cgroupsBelow,
  createCgroup,
  removeCgroup,
  setCgroupLimits,
} from "../kernel/index.ts";
import type { LinuxContainerResources, PodSandboxConfig } from "./types.ts";

/** The cgroup of each pod, above those of its containers. */
export interface PodCgroups {
  create(config: PodSandboxConfig): void;
  /** Changes limits; what is absent stays as it is. */
  update(config: PodSandboxConfig, resources: LinuxContainerResources): void;
  /** Removes those of no pod in `configs`: of sandboxes whose making or removal was cut off. Kills nothing. */
  removeStrays(configs: readonly PodSandboxConfig[]): Promise<void>;
  /** In the background: a cgroup stays busy for some moments after its last process. */
  remove(config: PodSandboxConfig): void;
}

/** Where the engine puts the containers of this sandbox. */
export function engineCgroupParent(instanceId: string, config: PodSandboxConfig): string {
  const parent = config.linux.cgroupParent;
  return `/gantry-${instanceId}${parent.startsWith("/") ? "" : "/"}${parent}`;
}

/** `/kubepods/pod<uid>`, `/kubepods/burstable/pod<uid>`, … below the instance's own. */
function podCgroupsBelow(parent: string): string[] {
  return cgroupsBelow(parent).flatMap((name) => {
    const path = `${parent}/${name}`;
    if (name.startsWith("pod")) return [path];
    return /^(kubepods|burstable|besteffort|guaranteed)$/.test(name) ? podCgroupsBelow(path) : [];
  });
}

export function createPodCgroups(instanceId: string, logger: Logger): PodCgroups {
  return {
    create(config) {
      if (config.linux.cgroupParent === "") return;
      createCgroup(engineCgroupParent(instanceId, config), limitsOf(config.linux.resources));
    },
    update(config, resources) {
      if (config.linux.cgroupParent === "") return;
      const path = engineCgroupParent(instanceId, config);
      assertMemoryFits(path, config, resources);
      setCgroupLimits(path, limitsOf(resources));
    },
    async removeStrays(configs) {
      const known = new Set(configs.map((config) => engineCgroupParent(instanceId, config)));
      const strays = podCgroupsBelow(`/gantry-${instanceId}`).filter((path) => !known.has(path));
      for (const path of strays) {
        if (cgroupProcesses(path).length > 0) continue;
        await removeCgroup(path).catch((error) => {
          logger.warn("a cgroup stays that belongs to no pod", { cgroup: path, error: errorMessage(error) });
        });
      }
    },
    remove(config) {
      if (config.linux.cgroupParent === "") return;
      const path = engineCgroupParent(instanceId, config);
      removeCgroup(path).catch((error) => {
        // Another sandbox of the same pod may live in it already.
        logger.debug("a pod's cgroup was not removed", { cgroup: path, error: errorMessage(error) });
      });
    },
  };
}

function limitsOf(resources: LinuxContainerResources = {}): CgroupLimits {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes, pidsLimit } = resources;
  return {
    ...(cpuShares ? { cpuShares } : {}),
    ...(cpuQuotaUs && cpuQuotaUs > 0 ? { cpuQuotaUs, cpuPeriodUs: cpuPeriodUs ?? 100_000 } : {}),
    ...(memoryLimitBytes ? { memoryBytes: memoryLimitBytes } : {}),
    ...(pidsLimit ? { pids: pidsLimit } : {}),
  };
}

/** Version 1 of cgroups refuses such a limit, and version 2 kills for it (the words are upstream's kubelet's). */
function assertMemoryFits(
  path: string,
  { metadata }: PodSandboxConfig,
  { memoryLimitBytes }: LinuxContainerResources,
): void {
  if (!memoryLimitBytes) return;
  const stats = cgroupStats(path);
  if (!stats || stats.memoryLimitBytes <= memoryLimitBytes || stats.memoryUsageBytes < memoryLimitBytes)
    return;
  throw conflict(
    `aborting attempt to set pod memory limit less than current memory usage for pod ${metadata.name}`,
    { code: "Cri.MemoryInUse" },
  );
}
