import { cgroupStats, hostCpuTime, hostInfo, inNetworkNamespace, listLinks } from "../../kernel/index.ts";
import type { EngineContext } from "../context.ts";
import { ownNetworkNamespace } from "../spec/container-namespaces.ts";
import { cgroupPathOf } from "../spec/container-spec.ts";
import type { ContainerStats } from "../types.ts";
import type { Container } from "./container.ts";

/** What the container uses now; zeros when it does not run. */
export async function containerStats(context: EngineContext, reference: string): Promise<ContainerStats> {
  const container = context.containers.get(reference);
  const host = hostInfo();
  const stats = container.hasProcess ? cgroupStats(cgroupPathOf(context, container)) : undefined;
  const limit = stats?.memoryLimitBytes ?? 0;
  return {
    readAtMs: context.clock.nowMs(),
    cpuUsageNs: stats?.cpuUsageNs ?? 0,
    cpuUserNs: stats?.cpuUserNs ?? 0,
    cpuSystemNs: stats?.cpuSystemNs ?? 0,
    hostCpuNs: hostCpuTime().totalNs,
    onlineCpus: host.cpus,
    memoryUsageBytes: stats?.memoryUsageBytes ?? 0,
    memoryLimitBytes: Math.min(limit || host.memoryBytes, host.memoryBytes),
    memoryStats: stats?.memoryStats ?? {},
    pidsCurrent: stats?.pidsCurrent ?? 0,
    pidsLimit: stats?.pidsLimit ?? 0,
    blockReadBytes: stats?.blockReadBytes ?? 0,
    blockWriteBytes: stats?.blockWriteBytes ?? 0,
    networks: stats ? networkCounters(context, container) : {},
  };
}

function networkCounters(context: EngineContext, container: Container): ContainerStats["networks"] {
  const netns = ownNetworkNamespace(context, container);
  if (!netns) return {};
  const counters: ContainerStats["networks"] = {};
  for (const link of inNetworkNamespace(netns, () => listLinks())) {
    if (link.name === "lo") continue;
    counters[link.name] = { ...link.counters };
  }
  return counters;
}
