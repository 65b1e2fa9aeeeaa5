import { describe, expect, it } from "vitest";
import { evaluate } from "../embedded/transaction.ts";
import type { Compare } from "../types.ts";
import { RevisionOffset } from "./revision-offset.ts";

const OPERATORS = ["=", "!=", "<", ">"] as const;

/** Whether a comparison holds for a key with such a number (0: absent), by the store's own rules. */
function holds(compare: Compare, found: number): boolean {
  const numbers = { createRevision: found, modRevision: found, version: found };
  const view = {
    numbers: () => (found === 0 ? undefined : numbers),
    newest: () => undefined,
    keys: () => [],
  };
  return evaluate({ compare: [compare], success: [] }, view, 1).succeeded;
}

describe("revision offset", () => {
  it("shows etcd's revisions higher, and none as none", () => {
    const offset = new RevisionOffset(100);
    expect([0, 1, 7].map((revision) => offset.shown(revision))).toEqual([0, 101, 107]);
    expect([101, 107, 100, 3].map((revision) => offset.inEtcd(revision))).toEqual([1, 7, 0, -97]);
  });

  it.each([0, 5])("makes comparisons that say the same and are not negative (offset %i)", (value) => {
    const offset = new RevisionOffset(value);
    for (const target of ["modRevision", "createRevision", "version"] as const) {
      for (const operator of OPERATORS) {
        for (let wanted = -2; wanted < 12; wanted++) {
          const compare = { key: "k", target, operator, value: wanted };
          const inEtcd = offset.compareInEtcd(compare);
          expect(inEtcd?.value ?? 0).toBeGreaterThanOrEqual(0);
          for (let found = 0; found < 6; found++) {
            const shown = target === "version" ? found : offset.shown(found);
            const said = inEtcd === undefined || holds({ ...compare, ...inEtcd }, found);
            expect(said, `${target} ${shown} ${operator} ${wanted}`).toBe(holds(compare, shown));
          }
        }
      }
    }
  });
});
