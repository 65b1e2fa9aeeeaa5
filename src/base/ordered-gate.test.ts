import { expect, it } from "vitest";
import { FairTurn } from "./fair-turn.ts";
import { OrderedGate } from "./ordered-gate.ts";

const spend = () => {
  const turn = new FairTurn();
  while (!turn.isSpent);
};

it("lets in at once while there is time", () => {
  expect(new OrderedGate().enter("a")).toBeUndefined();
});

it("keeps the order of each owner, also of what comes while others of its own wait, and gives owners their turns", async () => {
  const gate = new OrderedGate();
  const begun: string[] = [];
  const work = async (owner: string, name: string) => {
    await gate.enter(owner);
    begun.push(name);
  };
  spend();
  const many = Array.from({ length: 50 }, (_, index) => work("many", `many-${index}`));
  const one = work("one", "one");
  // A round later there is time again, and the others are still in line.
  await new Promise((resolve) => setImmediate(resolve));
  const late = work("many", "late");
  await Promise.all([...many, one, late]);
  expect(begun.filter((name) => name !== "one")).toEqual([
    ...Array.from({ length: 50 }, (_, index) => `many-${index}`),
    "late",
  ]);
  expect(begun.indexOf("one")).toBeLessThan(3);
  await new Promise((resolve) => setImmediate(resolve));
  expect(gate.enter("many")).toBeUndefined();
});

it("gives the event loop its rounds between long pieces", async () => {
  const gate = new OrderedGate();
  let rounds = 0;
  let isOver = false;
  const count = () => {
    rounds++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      await gate.enter("a");
      const endsAtMs = performance.now() + 4;
      while (performance.now() < endsAtMs);
    }),
  );
  isOver = true;
  // Only the first of them came while nobody could know how long they take.
  expect(rounds).toBeGreaterThanOrEqual(13);
});
