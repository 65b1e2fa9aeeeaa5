import type { LmdbTables } from "./lmdb-tables.ts";

/** LMDB's first two pages. */
const META_PAGES = 2;

interface TreeStats {
  pageSize: number;
  entryCount: number;
  treeBranchPageCount: number;
  treeLeafPageCount: number;
  overflowPages: number;
}

/** How many entries each table has. */
export function entryCounts({ meta, keys, tombstones, history, leases, leaseKeys }: LmdbTables): number[] {
  return [meta, keys, tombstones, history, leases, leaseKeys].map((table) => statsOf(table).entryCount);
}

/** Bytes of pages that hold something; the rest of the file is free. */
export function bytesInUse(tables: LmdbTables): number {
  const { root, meta, keys, tombstones, history, leases, leaseKeys } = tables;
  let pages = META_PAGES + pagesOf(statsOf(root).free);
  for (const table of [root, meta, keys, tombstones, history, leases, leaseKeys])
    pages += pagesOf(statsOf(table));
  return pages * statsOf(root).pageSize;
}

/** Whether LMDB's list of free pages is empty, as in a copy that was written without them. */
export function hasNoFreePages({ root }: LmdbTables): boolean {
  return statsOf(root).free.entryCount === 0;
}

/** Up to which byte LMDB has used the file so far. */
export function bytesTouched({ root }: LmdbTables): number {
  const { lastPageNumber, pageSize } = statsOf(root);
  return (lastPageNumber + 1) * pageSize;
}

export function keyCount({ keys }: LmdbTables): number {
  return statsOf(keys).entryCount;
}

/** The library leaves the shape open. */
function statsOf(table: { getStats(): object }): TreeStats & { free: TreeStats; lastPageNumber: number } {
  return table.getStats() as TreeStats & { free: TreeStats; lastPageNumber: number };
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}
