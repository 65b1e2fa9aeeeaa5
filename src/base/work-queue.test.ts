import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { WorkQueue } from "./work-queue.ts";

describe("WorkQueue", () => {
  it("runs a key once however often it is added, and again when added meanwhile", async () => {
    const runs: string[] = [];
    let release: () => void = () => {};
    const queue = new WorkQueue(async (key) => {
      runs.push(key);
      if (runs.length === 1) await new Promise<void>((resolve) => (release = resolve));
    });
    queue.add("a");
    queue.add("a");
    await systemClock.sleep(5);
    queue.add("a");
    queue.add("a");
    expect(runs).toEqual(["a"]);
    release();
    await systemClock.sleep(5);
    expect(runs).toEqual(["a", "a"]);
    await queue.stop();
  });

  it("retries what fails, with back-off", async () => {
    let tries = 0;
    const failures: number[] = [];
    const queue = new WorkQueue(
      async () => {
        if (++tries < 4) throw new Error("not yet");
      },
      { retryInitialMs: 1, onError: (_key, _error, count) => failures.push(count) },
    );
    queue.add("a");
    await expect.poll(() => tries).toBe(4);
    expect(failures).toEqual([1, 2, 3]);
    await queue.stop();
  });

  it("never works on one key twice at the same time", async () => {
    let active = 0;
    let most = 0;
    const queue = new WorkQueue(
      async () => {
        most = Math.max(most, ++active);
        await systemClock.sleep(1);
        active--;
      },
      { concurrency: 8 },
    );
    for (let index = 0; index < 20; index++) {
      queue.add("same");
      await systemClock.sleep(0.2);
    }
    await expect.poll(() => queue.depth).toBe(0);
    expect(most).toBe(1);
    await queue.stop();
  });

  it("lets other work come between keys whose handlers wait for nothing", async () => {
    let rounds = 0;
    let isOver = false;
    const countRounds = (): void => {
      rounds++;
      if (!isOver) setImmediate(countRounds);
    };
    setImmediate(countRounds);
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let left = keys.length;
    const queue = new WorkQueue(async () => {
      for (const endMs = performance.now() + 5; performance.now() < endMs; );
      if (--left === 0) resolve();
    });
    for (const key of keys) queue.add(key);
    await done;
    isOver = true;
    expect(rounds).toBeGreaterThan(5);
    await queue.stop();
  });
});
