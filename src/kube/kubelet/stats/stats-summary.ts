import { statfs } from "node:fs/promises";
import { rfc3339Seconds } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import type { ContainerUsage, PodUsage } from "../eviction/pod-usage.ts";
import { podSum, podsInSample, type SampledPod } from "./pods-in-sample.ts";
import { cpuSpeed, type SampledContainer, type UsageSample } from "./usage-sampler.ts";

export interface StatsSummaryOptions {
  nodeName: string;
  /** When the node's machine was started. */
  nodeStartMs: number;
  /** On the file system that counts as the node's storage. */
  rootDir: string;
  podOf: (uid: string) => Pod | undefined;
  diskUsageOf: (pod: Pod) => Promise<PodUsage>;
}

interface FileSystemStats {
  time: string;
  availableBytes: number;
  capacityBytes: number;
  usedBytes: number;
  inodesFree: number;
  inodes: number;
  inodesUsed: number;
}

/** `/stats/summary` (k8s.io/kubelet stats/v1alpha1.Summary). `cpuAndMemoryOnly`: what needs no look at the disk. */
export async function statsSummary(
  sample: UsageSample,
  options: StatsSummaryOptions,
  cpuAndMemoryOnly: boolean,
): Promise<object> {
  const node = nodeStats(sample, options);
  if (cpuAndMemoryOnly) return { node, pods: podsInSample(sample).map((pod) => podStats(pod, options)) };
  const fs = await fileSystemStats(options.rootDir, sample.node.usage.readAtMs);
  const pods = [];
  for (const pod of podsInSample(sample)) pods.push(await podStatsWithDisk(pod, options, fs));
  return { node: { ...node, fs, runtime: { imageFs: fs, containerFs: fs } }, pods };
}

function nodeStats({ node }: UsageSample, { nodeName, nodeStartMs }: StatsSummaryOptions) {
  const { usage } = node;
  const time = rfc3339Seconds(usage.readAtMs);
  return {
    nodeName,
    startTime: rfc3339Seconds(nodeStartMs),
    cpu: { time, usageNanoCores: cpuSpeed(node)?.nanoCores, usageCoreNanoSeconds: usage.cpuUsageNs },
    memory: {
      time,
      availableBytes: usage.memoryAvailableBytes,
      usageBytes: usage.memoryUsageBytes,
      workingSetBytes: usage.memoryWorkingSetBytes,
      rssBytes: usage.memoryRssBytes,
    },
  };
}

function podStats(pod: SampledPod, { podOf }: StatsSummaryOptions) {
  const { uid, name, namespace, containers } = pod;
  const newest = containers.at(-1)!.usage;
  const time = rfc3339Seconds(newest.readAtMs);
  const networks = newest.networks;
  return {
    podRef: { name, namespace, uid },
    startTime: podOf(uid)?.status?.startTime ?? null,
    containers: containers.map(containerStats),
    cpu: {
      time,
      usageNanoCores: podSum(pod, (one) => cpuSpeed(one)?.nanoCores ?? 0),
      usageCoreNanoSeconds: podSum(pod, ({ usage }) => usage.cpuUsageNs),
    },
    memory: { time, ...memoryOf((figure) => podSum(pod, ({ usage }) => usage[figure])) },
    ...(networks.length > 0 ? { network: { time, ...networks[0], interfaces: networks } } : {}),
    process_stats: { process_count: podSum(pod, ({ usage }) => usage.processes) },
  };
}

async function podStatsWithDisk(pod: SampledPod, options: StatsSummaryOptions, fs: FileSystemStats) {
  const stats = podStats(pod, options);
  const known = options.podOf(pod.uid);
  if (!known) return stats;
  const { containers, disk } = await options.diskUsageOf(known);
  const of = (usedBytes: number) => ({ ...fs, usedBytes });
  const sizes = new Map(containers.map((one) => [one.name, one]));
  const disksOf = (size: ContainerUsage | undefined) =>
    size && { rootfs: of(size.diskBytes - size.logBytes), logs: of(size.logBytes) };
  return {
    ...stats,
    containers: stats.containers.map((one) => ({
      ...one,
      ...disksOf(sizes.get(one.name)),
    })),
    "ephemeral-storage": { ...of(disk.bytes), inodesUsed: disk.inodes },
  };
}

function containerStats(container: SampledContainer) {
  const { status, usage } = container;
  const time = rfc3339Seconds(usage.readAtMs);
  return {
    name: status.metadata.name,
    startTime: rfc3339Seconds(Number(status.startedAtNs / 1_000_000n)),
    cpu: { time, usageNanoCores: cpuSpeed(container)?.nanoCores, usageCoreNanoSeconds: usage.cpuUsageNs },
    memory: { time, ...memoryOf((figure) => usage[figure]) },
  };
}

type MemoryFigure =
  | "memoryUsageBytes"
  | "memoryWorkingSetBytes"
  | "memoryRssBytes"
  | "pageFaults"
  | "majorPageFaults";

function memoryOf(figure: (name: MemoryFigure) => number) {
  return {
    usageBytes: figure("memoryUsageBytes"),
    workingSetBytes: figure("memoryWorkingSetBytes"),
    rssBytes: figure("memoryRssBytes"),
    pageFaults: figure("pageFaults"),
    majorPageFaults: figure("majorPageFaults"),
  };
}

async function fileSystemStats(dir: string, atMs: number): Promise<FileSystemStats> {
  const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(dir);
  return {
    time: rfc3339Seconds(atMs),
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  };
}
