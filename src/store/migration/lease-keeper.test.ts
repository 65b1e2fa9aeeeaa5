import { expect, it } from "vitest";
import { type Clock, systemClock } from "../../base/index.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

it("renews each lease three times in its life, and goes on when one cannot be renewed", async () => {
  let nowMs = 0;
  let tick = () => {};
  let isStopped = false;
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    every: (_periodMs, fn) => {
      tick = fn;
      return () => {
        isStopped = true;
      };
    },
  };
  const renewed: string[] = [];
  const keeper = new LeaseKeeper(clock, async (id) => {
    renewed.push(`${id} at ${nowMs}`);
    if (id === 1) throw new Error("gone");
  });
  keeper.add(1, 3);
  keeper.add(2, 9);
  for (; nowMs < 7000; nowMs += 500) tick();
  expect(renewed).toEqual([
    ...["1 at 1000", "1 at 2000", "1 at 3000", "2 at 3000", "1 at 4000"],
    ...["1 at 5000", "1 at 6000", "2 at 6000"],
  ]);
  keeper.stop();
  expect(isStopped).toBe(true);
});
