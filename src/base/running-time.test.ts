import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "./clock.ts";
import { RunningTime } from "./running-time.ts";

describe("time in which the process ran", () => {
  /** A clock that a test moves; `tick` is what falls due each period. */
  function clockAt(startMs: number) {
    let nowMs = startMs;
    let tick = () => {};
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      every: (_periodMs, fn) => {
        tick = fn;
        return () => {};
      },
    };
    return {
      clock,
      pass: (ms: number) => {
        nowMs += ms;
      },
      tick: () => tick(),
    };
  }

  it("goes on as the clock does while the process runs", () => {
    const { clock, pass, tick } = clockAt(5000);
    const time = new RunningTime(clock, 1000);
    time.start();
    const began = time.ranMs();
    for (let second = 0; second < 60; second++) {
      pass(1000);
      tick();
    }
    pass(300);
    expect(time.ranMs() - began).toBe(60_300);
  });

  it("counts a stop as two periods, seen before or after the next note", () => {
    const { clock, pass, tick } = clockAt(0);
    const time = new RunningTime(clock, 1000);
    time.start();
    pass(60_000);
    expect(time.ranMs()).toBe(2000);
    tick();
    expect(time.ranMs()).toBe(2000);
    pass(500);
    expect(time.ranMs()).toBe(2500);
  });
});
