import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../base/index.ts";
import { AutoCompaction } from "./auto-compaction.ts";

describe("AutoCompaction", () => {
  it("compacts to the revision that was current as long ago as history is kept", () => {
    let nowMs = 0;
    let revision = 1;
    let tick = () => {};
    const compacted: number[] = [];
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      every: (_periodMs, fn) => {
        tick = fn;
        return () => {};
      },
    };
    new AutoCompaction({
      clock,
      retentionMs: 500,
      revision: () => revision,
      compact: async (to) => void compacted.push(to),
    });
    for (let n = 0; n < 10; n++) {
      nowMs += 100;
      revision += 10;
      tick();
    }
    expect(compacted).toEqual([1, 11, 21, 31, 41, 51]);
  });
});
