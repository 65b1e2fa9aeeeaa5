import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileSystemOf, mountOverlay, unmount } from "../../kernel/index.ts";
import { assertUsableHome } from "../home.ts";
import { type Check, failure, type Outcome, ok, warning } from "./check.ts";

/** Where the kubelet evicts pods: less of the disk, or of its inodes, is free (upstream's hard thresholds). */
const EVICTION = { bytes: 0.1, inodes: 0.05 };
/** So much above it there is something to say. */
const NEAR = 0.05;
const LEAST_BYTES = 512 * 2 ** 20;
const IN_MEMORY = new Set(["tmpfs", "ramfs"]);

/** The directory that everything lies in, or that it would lie in. */
export function homeChecks(home: string): Check[] {
  const there = nearestDirectory(home);
  return [
    {
      name: "home",
      look: () => {
        assertUsableHome(home);
        const fsType = fileSystemOf(there)?.fsType;
        if (IN_MEMORY.has(fsType ?? ""))
          return warning(`${home} lies in memory (${fsType}): it is gone after a restart of the machine`);
        return ok(
          `${home}${existsSync(home) ? "" : " (does not exist yet)"}, ${fsType ?? "unknown file system"}`,
        );
      },
    },
    { name: "disk", look: () => judgeDisk(statfsSync(there)) },
    { name: "overlayfs", look: () => tryOverlay(there) },
  ];
}

function nearestDirectory(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestDirectory(dirname(path));
}

interface DiskFigures {
  bsize: number;
  blocks: number;
  bavail: number;
  files: number;
  ffree: number;
}

export function judgeDisk({ bsize, blocks, bavail, files, ffree }: DiskFigures): Outcome {
  const freeBytes = bavail * bsize;
  const bytes = blocks === 0 ? 1 : bavail / blocks;
  // Some file systems make inodes as they need them, and count none.
  const inodes = files === 0 ? 1 : ffree / files;
  const percent = (share: number) => `${Math.floor(share * 100)} %`;
  const text = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free (${percent(bytes)}; inodes ${percent(inodes)})`;
  if (freeBytes < LEAST_BYTES) return failure(text, "make room: images and the store need some");
  if (bytes < EVICTION.bytes || inodes < EVICTION.inodes)
    return failure(`${text}: pods are evicted`, "make room, for instance with 'docker system prune'");
  if (bytes < EVICTION.bytes + NEAR || inodes < EVICTION.inodes + NEAR)
    return warning(
      `${text}: pods are evicted below 10 % (inodes 5 %)`,
      "make room, for instance with 'docker system prune'",
    );
  return ok(text);
}

/** Not every file system can be the upper one of an overlay (an overlay cannot, nor NFS): it is tried. */
function tryOverlay(parent: string): Outcome {
  const dir = mkdtempSync(join(parent, ".gantry-doctor-"));
  try {
    const [lower, upperDir, workDir, target] = ["lower", "upper", "work", "target"].map((name) =>
      join(dir, name),
    );
    for (const path of [lower!, upperDir!, workDir!, target!]) mkdirSync(path);
    mountOverlay({ lowerDirs: [lower!], upperDir: upperDir!, workDir: workDir!, target: target! });
    unmount(target!);
    return ok("layers of images can be mounted there");
  } catch {
    return failure(
      `no overlay can be mounted in ${parent} (${fileSystemOf(parent)?.fsType ?? "unknown file system"})`,
      "choose a --home on ext4, xfs or btrfs, and load the kernel module overlay",
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
