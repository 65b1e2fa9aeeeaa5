import type { OperationHost } from "../operations/operation-context.ts";
import type { CacheUsage } from "../solver/types.ts";
import type { ResultRecord } from "./result-cache.ts";

export type CacheParts = Pick<
  OperationHost,
  "results" | "locals" | "cacheMounts" | "repositories" | "images"
>;

/** Something that the cache holds, and how to let it go. */
export interface CacheItem extends CacheUsage {
  /** False where it is in use after all. */
  remove(): Promise<boolean>;
}

/** Everything that the cache holds. */
export async function cacheItems(parts: CacheParts): Promise<CacheItem[]> {
  return [
    ...resultItems(parts),
    ...(await localItems(parts)),
    ...(await mountItems(parts)),
    ...(await repositoryItems(parts)),
  ];
}

export async function cacheUsage(parts: CacheParts): Promise<CacheUsage[]> {
  return (await cacheItems(parts)).map(usageOf);
}

export function usageOf({ remove: _remove, ...usage }: CacheItem): CacheUsage {
  return usage;
}

function resultItems({ results, images }: CacheParts): CacheItem[] {
  const records = results.all();
  const makers = new Map<string, string>();
  for (const { id, ownLayers } of records) for (const diffId of ownLayers) makers.set(diffId, id);
  return records.map((record) => ({
    id: record.id,
    parents: parentsOf(record, makers),
    description: record.description,
    recordType: record.recordType,
    sizeBytes: results.sizeOf(record),
    createdAtMs: record.createdAtMs,
    lastUsedAtMs: record.usageCount > 0 ? record.lastUsedAtMs : undefined,
    usageCount: record.usageCount,
    mutable: false,
    inUse: results.isInUse(record),
    shared: record.ownLayers.some((diffId) => images.isLayerOfImage(diffId)),
    remove: async () => {
      if (results.isInUse(record)) return false;
      await results.remove(record.id);
      return true;
    },
  }));
}

/** Those that made the layers on which this one's lie. */
function parentsOf({ id, outputs, ownLayers }: ResultRecord, makers: ReadonlyMap<string, string>): string[] {
  const parents = new Set<string>();
  for (const layers of outputs) {
    const below = layers.findLast(({ diffId }) => !ownLayers.includes(diffId));
    const maker = below && makers.get(below.diffId);
    if (maker !== undefined && maker !== id) parents.add(maker);
  }
  return [...parents];
}

async function localItems({ locals }: CacheParts): Promise<CacheItem[]> {
  return (await locals.list()).map(({ id, sizeBytes, lastUsedAtMs, inUse }) => ({
    id,
    parents: [],
    description: "local source for context",
    recordType: "source.local",
    sizeBytes,
    createdAtMs: lastUsedAtMs,
    lastUsedAtMs,
    usageCount: 1,
    mutable: true,
    inUse,
    shared: false,
    remove: () => locals.remove(id),
  }));
}

async function mountItems({ cacheMounts }: CacheParts): Promise<CacheItem[]> {
  return Promise.all(
    cacheMounts.list().map(async ({ id, name, createdAtMs, lastUsedAtMs, usageCount, inUse }) => ({
      id,
      parents: [],
      description: `cached mount ${name}`,
      recordType: "exec.cachemount",
      sizeBytes: await cacheMounts.sizeOf(id),
      createdAtMs,
      lastUsedAtMs,
      usageCount,
      mutable: true,
      inUse,
      shared: false,
      remove: () => cacheMounts.remove(id),
    })),
  );
}

async function repositoryItems({ repositories }: CacheParts): Promise<CacheItem[]> {
  return (await repositories.list()).map(
    ({ id, remote, sizeBytes, createdAtMs, lastUsedAtMs, usageCount, inUse }) => ({
      id,
      parents: [],
      description: `shared git repo for ${remote}`,
      recordType: "regular",
      sizeBytes,
      createdAtMs,
      lastUsedAtMs,
      usageCount,
      mutable: true,
      inUse,
      shared: false,
      remove: () => repositories.remove(id),
    }),
  );
}
