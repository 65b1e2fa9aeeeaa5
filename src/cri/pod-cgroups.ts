import { errorMessage, type Logger } from "../base/index.ts";
import { cgroupProcesses, cgroupsBelow, createCgroup, removeCgroup } from "../kernel/index.ts";
import type { PodSandboxConfig } from "./types.ts";

/** The cgroup of each pod, above those of its containers. */
export interface PodCgroups {
  create(config: PodSandboxConfig): void;
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
