import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";
import { CommitQueue } from "../../../src/store/embedded/commit-queue.ts";
import { DefragmentedCopy } from "../../../src/store/embedded/defragmented-copy.ts";
import { LmdbSnapshot } from "../../../src/store/embedded/lmdb-snapshot.ts";
import type { KnownBad } from "./index.ts";

const WINDOW_MS = 800;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A snapshot gets its name first and is synced then. */
export const earlyRename: KnownBad = {
  patch() {
    const { open, rename } = fs;
    fs.open = async (path, flags, mode) => {
      const handle = await open(path, flags, mode);
      if (flags === "a") handle.sync = async () => {};
      return handle;
    };
    fs.rename = async (from, to) => {
      await rename(from, to);
      if (!basename(String(to)).startsWith("snapshot-")) return;
      await wait(WINDOW_MS);
      const handle = await open(to, "r+");
      await handle.sync().finally(() => handle.close());
    };
    syncBuiltinESMExports();
  },
  fault: "snapshot",
  durationMs: 4_000,
  onlyInLongRun: true,
  breaks: ["snapshots are whole"],
};

/** Compaction takes the revision after the one that it was told for the last that it may forget. */
export const eagerCompaction: KnownBad = {
  patch() {
    const { historyHeads } = LmdbSnapshot.prototype;
    LmdbSnapshot.prototype.historyHeads = function (from, to) {
      return historyHeads.call(this, from, to + 1);
    };
  },
  leastRevision: 800,
  breaks: [
    "it serves what it has",
    "check is clean",
    "reads are right",
    "lists are right",
    "history is stable",
  ],
};

/** Commits go on before the new file is in the old one's place. */
export const lossyDefragmentation: KnownBad = {
  patch() {
    const { pause } = CommitQueue.prototype;
    const { write } = DefragmentedCopy;
    let resume = () => {};
    CommitQueue.prototype.pause = async function () {
      resume = await pause.call(this);
      return resume;
    };
    DefragmentedCopy.write = async (dir, original) => {
      const copy = await write.call(DefragmentedCopy, dir, original);
      resume();
      await wait(20);
      return copy;
    };
  },
  fault: "defragment",
  breaks: [
    "nothing acknowledged is lost",
    "history is stable",
    "history has no gap",
    "it serves what it has",
  ],
};
