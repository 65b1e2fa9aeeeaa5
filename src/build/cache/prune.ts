import { statfs } from "node:fs/promises";
import type { CacheUsage, PruneOptions } from "../solver/types.ts";
import { cacheFilter } from "./cache-filter.ts";
import { type CacheItem, type CacheParts, cacheItems, usageOf } from "./usage.ts";

/** Removes what may go, least recently used first, and what others lie on after those; returns what went. */
export async function pruneCache(
  parts: CacheParts & { clock: { nowMs(): number } },
  options: PruneOptions,
  dir: string,
): Promise<CacheUsage[]> {
  const items = await cacheItems(parts);
  const totalBytes = sum(items.filter(({ shared }) => !shared));
  const keepBytes = bytesToKeep(totalBytes, await freeBytes(dir), options);
  const usedSinceMs = options.keepDurationMs ? parts.clock.nowMs() - options.keepDurationMs : undefined;
  const isWanted = cacheFilter(options.filters ?? []);
  const candidates = items.filter(
    (item) =>
      !item.inUse &&
      (options.all || !isKeptUnlessAll(item)) &&
      (usedSinceMs === undefined || (item.lastUsedAtMs ?? 0) <= usedSinceMs) &&
      isWanted(item),
  );
  const removed: CacheUsage[] = [];
  let leftBytes = totalBytes;
  for (const item of inOrderOfGoing(candidates, items)) {
    if (keepBytes !== undefined && leftBytes <= keepBytes) break;
    if (!(await item.remove())) continue;
    if (!item.shared) leftBytes -= item.sizeBytes;
    removed.push(usageOf(item));
  }
  return removed;
}

function isKeptUnlessAll({ recordType, shared }: CacheUsage): boolean {
  return recordType === "internal" || recordType === "frontend" || shared;
}

/** Undefined: everything may go (moby/buildkit, cache/manager.go, calculateKeepBytes). */
export function bytesToKeep(
  totalBytes: number,
  freeBytes: number,
  { maxUsedSpaceBytes = 0, reservedSpaceBytes = 0, minFreeSpaceBytes = 0 }: PruneOptions,
): number | undefined {
  if (maxUsedSpaceBytes === 0 && reservedSpaceBytes === 0 && minFreeSpaceBytes === 0) return undefined;
  const excess = minFreeSpaceBytes - freeBytes;
  const cap = maxUsedSpaceBytes === 0 ? undefined : maxUsedSpaceBytes;
  const wanted = excess > 0 ? Math.min(cap ?? Number.POSITIVE_INFINITY, totalBytes - excess) : (cap ?? 0);
  return Math.max(wanted, reservedSpaceBytes);
}

/** What something stays on stays itself: removing it would free nothing. */
function* inOrderOfGoing(candidates: readonly CacheItem[], all: readonly CacheItem[]): Generator<CacheItem> {
  const children = new Map<string, number>();
  const count = ({ parents }: CacheUsage, change: number) => {
    for (const id of parents) children.set(id, (children.get(id) ?? 0) + change);
  };
  for (const item of all) count(item, 1);
  const waiting = candidates.toSorted((a, b) => (a.lastUsedAtMs ?? 0) - (b.lastUsedAtMs ?? 0));
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ id }) => (children.get(id) ?? 0) === 0);
    if (at < 0) return;
    const [item] = waiting.splice(at, 1);
    count(item!, -1);
    yield item!;
  }
}

function sum(items: readonly CacheUsage[]): number {
  return items.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
