import type { Store } from "../../../src/store/index.ts";
import type { FaultName } from "../faults/index.ts";
import { wallClock } from "./clock.ts";
import { dropSync, earlyAcknowledgement, lostDelete, lostHead } from "./durability.ts";
import { eagerCompaction, earlyRename, lossyDefragmentation } from "./maintenance.ts";
import { lostUpdate, secondWrite, staleList, staleRead, tornTransaction } from "./operations.ts";
import {
  earlyBookmark,
  lateStart,
  noFilter,
  repeatedEvent,
  skippedEvent,
  splitRevision,
  swappedEvents,
  wrongPrevious,
} from "./watches.ts";

/**
 * A store with one known fault, to prove that the harness finds it. `patch` changes the code of the store before it is opened,
 * `wrap` stands between the store and its clients, `inject` is done to the process' system calls.
 */
export interface KnownBad {
  patch?: () => void;
  wrap?: (store: Store) => Store;
  inject?: readonly string[];
  /** The fault that brings it to light; none for most. */
  fault?: FaultName;
  /** How long it may take to show itself. */
  durationMs?: number;
  /** So much must be written, however long it takes. */
  leastRevision?: number;
  /** Too long for every commit. */
  onlyInLongRun?: boolean;
  /** Properties of which at least one must be found broken. */
  breaks: readonly string[];
}

export const knownBad: Record<string, KnownBad> = {
  "skipped-event": skippedEvent,
  "swapped-events": swappedEvents,
  "repeated-event": repeatedEvent,
  "split-revision": splitRevision,
  "wrong-previous": wrongPrevious,
  "early-bookmark": earlyBookmark,
  "late-start": lateStart,
  "no-filter": noFilter,
  "stale-read": staleRead,
  "stale-list": staleList,
  "lost-update": lostUpdate,
  "torn-transaction": tornTransaction,
  "second-write": secondWrite,
  "early-acknowledgement": earlyAcknowledgement,
  "lost-delete": lostDelete,
  "lost-head": lostHead,
  "dropped-sync": dropSync,
  "eager-compaction": eagerCompaction,
  "lossy-defragmentation": lossyDefragmentation,
  "early-rename": earlyRename,
  "wall-clock": wallClock,
};

/** What brings it to light; with patience, where the machine may be busy. */
export function knownBadRun(name: string, seed: number, patience = 1) {
  const { fault = "none", durationMs = fault === "none" ? 600 : 1_500, leastRevision = 0 } = knownBad[name]!;
  return { fault, bad: name, seed, durationMs: durationMs * patience, leastRevision };
}
