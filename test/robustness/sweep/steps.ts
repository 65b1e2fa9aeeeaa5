import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Operation, Store } from "../../../src/store/index.ts";

/** One thing that the writer does, told apart by its place in the list. */
export interface Step {
  name: string;
  run(store: Store, place: StepPlace): Promise<void>;
}

export interface StepPlace {
  /** Where snapshots go. */
  dir: string;
  /** Leases that were granted, in order. */
  leases: number[];
}

const value = (n: number, sizeBytes: number) => Buffer.alloc(sizeBytes, `value ${n} `);
const put = (key: string, n: number, sizeBytes = 300): Operation => ({
  type: "put",
  key,
  value: value(n, sizeBytes),
});

const write = (name: string, ...success: Operation[]): Step => ({
  name,
  run: async (store) => {
    await store.transact({ success });
  },
});

const compact = (behind: number): Step => ({
  name: "compact",
  run: async (store) => store.compact((await store.status()).revision - behind),
});

const grant: Step = {
  name: "grant",
  run: async (store, { leases }) => {
    leases.push((await store.grantLease(3600)).id);
  },
};

const putOnLease = (n: number): Step => ({
  name: "put on a lease",
  run: async (store, { leases }) => {
    const lease = leases.at(-1)!;
    await store.transact({
      success: [
        { ...put(`held/a${n}`, n), lease } as Operation,
        { ...put(`held/b${n}`, n), lease } as Operation,
      ],
    });
  },
});

const revoke: Step = { name: "revoke", run: (store, { leases }) => store.revokeLease(leases.at(-1)!) };

const snapshot = (n: number): Step => ({
  name: "snapshot",
  run: async (store, { dir }) => {
    // A store in memory, which says how things should be, takes none.
    if (!existsSync(dir)) return;
    await store.snapshot?.(join(dir, `snapshot-${n}`));
  },
});

/** Gives the file's free pages back; changes nothing that can be read. */
const defragment: Step = {
  name: "defragment",
  run: async (store, { dir }) => {
    if (existsSync(dir)) await store.defragment?.();
  },
};

/**
 * All that the store can do, in groups: the steps of a group are begun at once and share commits, each group begins when the one
 * before is acknowledged.
 */
export const groups: readonly (readonly Step[])[] = [0, 1].flatMap((round) => {
  const n = round * 100;
  return [
    [
      write("create", put("a", n)),
      write("create", put("b", n + 1)),
      write("create", put("c/1", n + 2, 9_000)),
    ],
    [write("update", put("a", n + 3))],
    [write("pair", put("b", n + 4), put("c/2", n + 4), { type: "delete", key: "a" })],
    [grant],
    [putOnLease(n)],
    [write("update", put("b", n + 5, 20_000)), write("create", put("c/3", n + 6))],
    [compact(3)],
    [write("deletePrefix", { type: "deletePrefix", prefix: "c/" })],
    [snapshot(round)],
    [write("delete", { type: "delete", key: "b" }), write("create", put("b", n + 7))],
    [revoke],
    [defragment],
    [compact(0)],
    [write("create", put("a", n + 8))],
  ];
});

export const steps = groups.flat();
