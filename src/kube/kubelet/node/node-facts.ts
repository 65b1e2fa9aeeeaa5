import { statfs } from "node:fs/promises";
import type { CriImageService, CriRuntimeService } from "../../../cri/types.ts";
import { availableMemoryBytes, hostInfo } from "../../../kernel/index.ts";

export const MAX_PODS = 110;
/** Below these the node says that it is under pressure (upstream's default eviction thresholds). */
const MEMORY_AVAILABLE_MIN_BYTES = 100 * 2 ** 20;
const DISK_AVAILABLE_MIN = 0.1;
const INODES_FREE_MIN = 0.05;
/** How many images a node lists (upstream's nodeStatusMaxImages). */
const MAX_IMAGES = 50;

/** What the machine is, and how it is doing. */
export interface NodeFacts {
  cpus: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  hasMemoryPressure: boolean;
  hasDiskPressure: boolean;
  runtimeIsReady: boolean;
  /** Why not, if not. */
  runtimeMessage: string;
  runtimeVersion: string;
  images: { names: string[]; sizeBytes: number }[];
}

export interface NodeFactsOptions {
  runtime: CriRuntimeService;
  images: CriImageService;
  /** On the file system that counts as the node's storage. */
  rootDir: string;
}

export async function readNodeFacts({ runtime, images, rootDir }: NodeFactsOptions): Promise<NodeFacts> {
  const { cpus, memoryBytes } = hostInfo();
  const [disk, status, version, listed] = await Promise.all([
    statfs(rootDir),
    runtime.status(),
    runtime.version(),
    images.listImages(),
  ]);
  const diskIsLow = disk.bavail < disk.blocks * DISK_AVAILABLE_MIN;
  const inodesAreLow = disk.files > 0 && disk.ffree < disk.files * INODES_FREE_MIN;
  return {
    cpus,
    memoryBytes,
    ephemeralStorageBytes: disk.blocks * disk.bsize,
    hasMemoryPressure: availableMemoryBytes() < MEMORY_AVAILABLE_MIN_BYTES,
    hasDiskPressure: diskIsLow || inodesAreLow,
    runtimeIsReady: status.runtimeReady && status.networkReady,
    runtimeMessage: status.message,
    runtimeVersion: `${version.runtimeName}://${version.runtimeVersion}`,
    images: listed
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, MAX_IMAGES)
      .map(({ repoDigests, repoTags, sizeBytes }) => ({ names: [...repoDigests, ...repoTags], sizeBytes }))
      .filter(({ names }) => names.length > 0),
  };
}
