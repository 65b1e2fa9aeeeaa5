import { describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../base/index.ts";
import { keepMemoryTrimmed } from "./memory-trimmer.ts";

const MB = 2 ** 20;

/** Looks when it is told to. */
function trimmer(afterTrimMb: number) {
  const state = { rss: 100 * MB, trims: 0 };
  let look = () => {};
  const clock: Clock = {
    ...systemClock,
    every: (_periodMs, fn) => {
      look = fn;
      return () => {};
    },
  };
  keepMemoryTrimmed({
    clock,
    logger: silentLogger,
    rssBytes: () => state.rss,
    trim: () => {
      state.trims++;
      state.rss = afterTrimMb * MB;
    },
  });
  return {
    state,
    look(rssMb: number) {
      state.rss = rssMb * MB;
      look();
    },
  };
}

describe("memory", () => {
  it("is given back for some looks after it has grown, and not looked for where it has not", () => {
    const { state, look } = trimmer(105);
    look(110);
    expect(state.trims).toBe(0);
    look(300);
    expect(state.trims).toBe(1);
    for (let times = 0; times < 10; times++) look(106);
    expect(state.trims).toBe(6);
    look(130);
    expect(state.trims).toBe(7);
  });

  it("that is really used is not asked for without end", () => {
    const { state, look } = trimmer(300);
    for (let times = 0; times < 20; times++) look(300);
    expect(state.trims).toBe(6);
  });
});
