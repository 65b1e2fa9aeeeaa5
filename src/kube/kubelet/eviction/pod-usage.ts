import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, runInTurns } from "../../../base/index.ts";
import type { CriContainerStats, CriRuntimeService } from "../../../cri/types.ts";
import { namesIn, openDirectoryAt, pathAt } from "../../../kernel/index.ts";
import type { Pod } from "../../api/index.ts";
import { Label, podLogDirectory } from "../naming.ts";

export interface DiskUsage {
  bytes: number;
  inodes: number;
}

export interface ContainerUsage {
  name: string;
  memoryBytes: number;
  /** Of its writable layer and its logs. */
  diskBytes: number;
  logBytes: number;
}

/** What a pod takes of the node: its running containers, and all that it has on the disk. */
export interface PodUsage {
  containers: ContainerUsage[];
  memoryBytes: number;
  disk: DiskUsage;
}

export interface PodUsageOptions {
  runtime: Pick<CriRuntimeService, "listContainers" | "containerStats">;
  podsDir: string;
  podLogsDir: string;
}

export async function podUsage(pod: Pod, options: PodUsageOptions): Promise<PodUsage> {
  const { runtime, podsDir, podLogsDir } = options;
  const { name, namespace = "", uid } = pod.metadata;
  const disk = await diskUsage(emptyDirs(podsDir, uid));
  const logsDir = podLogDirectory(podLogsDir, { name, namespace, uid });
  const containers: PodUsage["containers"] = [];
  for (const { id, metadata } of await runtime.listContainers({ labels: { [Label.podUid]: uid } })) {
    const stats: CriContainerStats | undefined = await runtime.containerStats(id).catch(() => undefined);
    const logs = await diskUsage(join(logsDir, metadata.name));
    const diskBytes = (stats?.rootfsUsedBytes ?? 0) + logs.bytes;
    const memoryBytes = stats?.memoryWorkingSetBytes ?? 0;
    containers.push({ name: metadata.name, memoryBytes, diskBytes, logBytes: logs.bytes });
    disk.bytes += diskBytes;
    disk.inodes += logs.inodes;
  }
  return { containers, memoryBytes: containers.reduce((sum, one) => sum + one.memoryBytes, 0), disk };
}

/** What a pod has in one of its emptyDir volumes. */
export async function emptyDirUsage(pod: Pod, volumeName: string, podsDir: string): Promise<DiskUsage> {
  return diskUsage(join(emptyDirs(podsDir, pod.metadata.uid), volumeName));
}

const emptyDirs = (podsDir: string, uid: string) => join(podsDir, uid, "volumes", "kubernetes.io~empty-dir");

/** Of all files below a directory of this file system; nothing where there is none. Links are counted and not followed. */
export async function diskUsage(dir: string): Promise<DiskUsage> {
  const usage: DiskUsage = { bytes: 0, inodes: 0 };
  let fd: number;
  try {
    fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return usage;
    throw error;
  }
  try {
    await runInTurns(addDirectory(fd, fstatSync(fd).dev, usage));
  } finally {
    closeSync(fd);
  }
  return usage;
}

/** What is mounted below (a volume in memory) takes nothing of this disk. */
function* addDirectory(fd: number, device: number, usage: DiskUsage): Generator<void> {
  for (const name of namesIn(fd)) {
    yield;
    const directory = openDirectoryAt(fd, name);
    try {
      const info = directory === undefined ? entryOf(fd, name) : fstatSync(directory);
      if (!info || info.dev !== device) continue;
      usage.bytes += info.blocks * 512;
      usage.inodes++;
      if (directory !== undefined) yield* addDirectory(directory, device, usage);
    } finally {
      if (directory !== undefined) closeSync(directory);
    }
  }
}

function entryOf(fd: number, name: Buffer) {
  return lstatSync(pathAt(fd, name), { throwIfNoEntry: false });
}
