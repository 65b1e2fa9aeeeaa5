import { describe, expect, it } from "vitest";
import { hasStrace } from "./available.ts";
import { sweep } from "./sweep/index.ts";

/** All of them are gone through by `node scripts/robustness.mjs --sweep`. */
const POINTS = 14;

describe.skipIf(!hasStrace)(
  "the store killed at its system calls (needs strace)",
  { timeout: 60_000 },
  () => {
    it(`loses nothing at ${POINTS} of them`, async () => {
      const { calls, violations } = await sweep({ atMost: POINTS });
      expect(violations).toEqual([]);
      expect(Object.keys(calls)).toEqual(
        expect.arrayContaining(["pwrite64", "writev", "fdatasync", "rename"]),
      );
      const killed = Object.values(calls).reduce((sum, one) => sum + one.killed, 0);
      expect(killed).toBeGreaterThan(POINTS / 2);
    });

    it("finds a store that loses deletes", async () => {
      const { violations } = await sweep({ atMost: 8, bad: "lost-delete" });
      expect(violations.map(({ property }) => property)).toContain("nothing acknowledged is lost");
    });
  },
);
