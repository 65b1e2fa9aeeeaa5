import { statfs } from "node:fs/promises";
import { hostMemory } from "../../../kernel/index.ts";
import type { Observations } from "./thresholds.ts";

/** What the node has left. `rootDir` is on the file system that counts as its storage. */
export async function readNodeSignals(rootDir: string): Promise<Observations> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(rootDir);
  const { availableBytes, totalBytes } = hostMemory();
  const space = { available: bavail * bsize, capacity: blocks * bsize };
  const inodes = { available: ffree, capacity: files };
  return new Map([
    ["memory.available", { available: availableBytes, capacity: totalBytes }],
    ["nodefs.available", space],
    ["imagefs.available", space],
    // Some file systems (btrfs) do not count inodes.
    ...(files > 0
      ? ([
          ["nodefs.inodesFree", inodes],
          ["imagefs.inodesFree", inodes],
        ] as const)
      : []),
  ]);
}
