import type { PruneOptions } from "../solver/types.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** What is collected without being asked for, one rule after the other (moby/buildkit, cmd/buildkitd/config/gcpolicy.go). */
export function collectionPolicy(diskBytes: number): PruneOptions[] {
  const space = {
    reservedSpaceBytes: Math.min(diskBytes * 0.1, 10e9),
    minFreeSpaceBytes: diskBytes * 0.2,
    maxUsedSpaceBytes: Math.min(diskBytes * 0.6, 100e9),
  };
  return [
    // What is made again most easily.
    {
      all: false,
      filters: ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"],
      keepDurationMs: 2 * DAY_MS,
      maxUsedSpaceBytes: 512e6,
    },
    { all: false, keepDurationMs: 60 * DAY_MS, ...space },
    { all: false, ...space },
    { all: true, ...space },
  ];
}
