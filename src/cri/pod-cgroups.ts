import { errorMessage, type Logger } from "../base/index.ts";
import { createCgroup, removeCgroup } from "../kernel/index.ts";
import type { PodSandboxConfig } from "./types.ts";

/** The cgroup of each pod, above those of its containers. */
export interface PodCgroups {
  create(config: PodSandboxConfig): void;
  /** In the background: a cgroup stays busy for some moments after its last process. */
  remove(config: PodSandboxConfig): void;
}

/** Where the engine puts the containers of this sandbox. */
export function engineCgroupParent(instanceId: string, config: PodSandboxConfig): string {
  const parent = config.linux.cgroupParent;
  return `/gantry-${instanceId}${parent.startsWith("/") ? "" : "/"}${parent}`;
}

export function createPodCgroups(instanceId: string, logger: Logger): PodCgroups {
  return {
    create(config) {
      if (config.linux.cgroupParent === "") return;
      const { resources } = config.linux;
      createCgroup(engineCgroupParent(instanceId, config), {
        ...(resources?.cpuShares ? { cpuShares: resources.cpuShares } : {}),
        ...(resources?.cpuQuotaUs && resources.cpuQuotaUs > 0
          ? { cpuQuotaUs: resources.cpuQuotaUs, cpuPeriodUs: resources.cpuPeriodUs ?? 100_000 }
          : {}),
        ...(resources?.memoryLimitBytes ? { memoryBytes: resources.memoryLimitBytes } : {}),
        ...(resources?.pidsLimit ? { pids: resources.pidsLimit } : {}),
      });
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
