import { describe, expect, it } from "vitest";
import { ManualClock } from "../../base/manual-clock.test-support.ts";
import { EndedPods } from "./ended-pods.ts";

describe("pods that end", () => {
  it("go at once for the first time, and then after a while that grows and is forgotten", async () => {
    const clock = new ManualClock();
    const ended = new EndedPods(clock, { initialMs: 1_000, maxMs: 3_000 });
    expect(ended.remainingMs("p")).toBe(0);
    for (const waitMs of [1_000, 2_000, 3_000, 3_000]) {
      ended.note("p");
      expect(ended.remainingMs("p")).toBe(waitMs);
      expect(ended.remainingMs("other")).toBe(0);
      await clock.advance(waitMs);
      expect(ended.remainingMs("p")).toBe(0);
    }
    await clock.advance(6_001);
    ended.note("other");
    ended.note("p");
    expect(ended.remainingMs("p")).toBe(1_000);
  });
});
