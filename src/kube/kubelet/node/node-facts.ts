import { statfs } from "node:fs/promises";
import type { CriImageService, CriRuntimeService } from "../../../cri/types.ts";
import { hostInfo } from "../../../kernel/index.ts";
import type { PressureCondition } from "../eviction/thresholds.ts";

export const MAX_PODS = 110;
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
  hasPressure: (condition: PressureCondition) => boolean;
}

export async function readNodeFacts({
  runtime,
  images,
  rootDir,
  hasPressure,
}: NodeFactsOptions): Promise<NodeFacts> {
  const { cpus, memoryBytes } = hostInfo();
  const [disk, status, version, listed] = await Promise.all([
    statfs(rootDir),
    runtime.status(),
    runtime.version(),
    images.listImages(),
  ]);
  return {
    cpus,
    memoryBytes,
    ephemeralStorageBytes: disk.blocks * disk.bsize,
    hasMemoryPressure: hasPressure("MemoryPressure"),
    hasDiskPressure: hasPressure("DiskPressure"),
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
