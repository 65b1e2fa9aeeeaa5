import { expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { InFlight } from "./in-flight.ts";

it("runs so many at once and no more, and waits for all", async () => {
  const tasks = new InFlight(3);
  let running = 0;
  let most = 0;
  let done = 0;
  for (let n = 0; n < 10; n++) {
    await tasks.add(async () => {
      most = Math.max(most, ++running);
      await systemClock.sleep(2);
      running--;
      done++;
    });
  }
  await tasks.settle();
  expect({ most, done }).toEqual({ most: 3, done: 10 });
});

it("begins nothing after a failure, and tells of the first one", async () => {
  const tasks = new InFlight(2);
  const fail = (message: string) => async () => {
    await systemClock.sleep(1);
    throw new Error(message);
  };
  let hasBegun = false;
  await tasks.add(fail("first"));
  await tasks.add(fail("second"));
  const third = tasks.add(async () => {
    hasBegun = true;
  });
  await expect(third).rejects.toThrow("first");
  expect(hasBegun).toBe(false);
  await expect(tasks.settle()).rejects.toThrow("first");
});
