import { describe, expect, it } from "vitest";
import { BatchedWrites } from "./index.ts";
import { ManualClock } from "./manual-clock.test-support.ts";

function setUp() {
  const clock = new ManualClock();
  const pass = (ms: number) => clock.advance(ms);
  const seen: string[] = [];
  const state = { mayWrite: true, fails: false };
  const writes = new BatchedWrites({
    clock,
    mayWrite: () => state.mayWrite,
    write: () => {
      seen.push("write");
      if (state.fails) throw new Error("no");
    },
    onFailure: () => seen.push("failure"),
    onWritten: () => seen.push("written"),
    collectGarbage: () => seen.push("collect"),
  });
  return { writes, pass, seen, state };
}

describe("batched writes", () => {
  it("writes the changes of a moment together, and collects some time after", async () => {
    const { writes, pass, seen } = setUp();
    for (let change = 0; change < 5; change++) writes.touch();
    await pass(10);
    expect(seen).toEqual(["write", "written"]);
    await pass(1000);
    expect(seen).toEqual(["write", "written", "collect"]);
  });

  it("does not collect while changes wait", async () => {
    const { writes, pass, seen, state } = setUp();
    writes.flush();
    await pass(500);
    state.mayWrite = false;
    writes.touch();
    await pass(5000);
    expect(seen).not.toContain("collect");
    state.mayWrite = true;
    writes.flush();
    await pass(2000);
    expect(seen.at(-1)).toBe("collect");
  });

  it("tries again later and later, and not with each change meanwhile", async () => {
    const { writes, pass, seen, state } = setUp();
    state.fails = true;
    writes.touch();
    await pass(2);
    for (let ms = 0; ms < 10_000; ms += 10) {
      writes.touch();
      await pass(10);
    }
    const tries = seen.filter((one) => one === "write").length;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(9);
    expect(writes.isFailing).toBe(true);
    state.fails = false;
    await pass(30_000);
    expect(seen.slice(-3)).toEqual(["write", "written", "collect"]);
    expect(writes.isFailing).toBe(false);
  });

  it("lets wait until all is written and a condition holds", async () => {
    const { writes, pass } = setUp();
    const { signal } = new AbortController();
    let isKnown = false;
    let isDone = false;
    writes.touch();
    const waiting = writes.until(() => isKnown, signal).then(() => (isDone = true));
    await pass(10);
    await Promise.resolve();
    expect(isDone).toBe(false);
    isKnown = true;
    writes.touch();
    await pass(10);
    await waiting;
    await writes.until(() => true, signal);
    const aborted = AbortSignal.abort(new Error("gone"));
    await expect(writes.until(() => false, aborted)).rejects.toThrow("gone");
  });

  it("writes nothing where it may not, nor after its end", async () => {
    const { writes, pass, seen, state } = setUp();
    state.mayWrite = false;
    writes.touch();
    writes.flush();
    await pass(10_000);
    state.mayWrite = true;
    writes.touch();
    writes.stop();
    await pass(10_000);
    expect(seen).toEqual([]);
  });
});
