import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../base/index.ts";
import { type ExecInstance, ExecStore } from "./exec-store.ts";

/** Only its timers matter here: they fall due by hand. */
class TimerClock {
  readonly #timers: { dueMs: number; fn: () => void }[] = [];
  #nowMs = 0;

  readonly clock: Clock = {
    ...systemClock,
    after: (delayMs, fn) => {
      this.#timers.push({ dueMs: this.#nowMs + delayMs, fn });
      return () => {};
    },
  };

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.#nowMs) continue;
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      timer.fn();
    }
  }
}

const MINUTES = 60_000;

function instance(id: string): ExecInstance {
  return { id, containerId: "c", config: { Cmd: ["true"] }, pid: 0, exitCode: null, started: false };
}

describe("executions", () => {
  it("go five minutes after they were made when nobody starts them", () => {
    const time = new TimerClock();
    const store = new ExecStore(time.clock);
    store.add(instance("idle"));
    time.advance(4 * MINUTES);
    expect(store.pendingOf("c")).toEqual(["idle"]);
    time.advance(1 * MINUTES);
    expect(store.pendingOf("c")).toEqual([]);
    expect(() => store.get("idle")).toThrow("No such exec instance: idle");
  });

  it("stay while they run, and five minutes more", () => {
    const time = new TimerClock();
    const store = new ExecStore(time.clock);
    const long = instance("long");
    store.add(long);
    long.started = true;
    time.advance(60 * MINUTES);
    expect(store.pendingOf("c")).toEqual(["long"]);
    store.ended(long);
    expect(store.pendingOf("c")).toEqual([]);
    time.advance(4 * MINUTES);
    expect(store.get("long")).toBe(long);
    time.advance(1 * MINUTES);
    expect(() => store.get("long")).toThrow("No such exec instance: long");
  });
});
