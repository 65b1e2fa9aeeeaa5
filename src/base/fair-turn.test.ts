import { expect, it } from "vitest";
import { FairTurn } from "./fair-turn.ts";

it("lets all begin, and then one of them go on in each round of the event loop, in order", async () => {
  let round = 0;
  let isOver = false;
  const nextRound = () => {
    round++;
    if (!isOver) setImmediate(nextRound);
  };
  setImmediate(nextRound);
  const turns: { worker: number; round: number }[] = [];
  const work = async (worker: number) => {
    const turn = new FairTurn();
    for (let piece = 0; piece < 3; piece++) {
      if (turn.isSpent) await turn.next();
      turns.push({ worker, round });
      while (!turn.isSpent);
    }
  };
  await Promise.all([0, 1, 2, 3, 4].map(work));
  isOver = true;
  expect(turns.map(({ worker }) => worker)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  const [begun, later] = [turns.slice(0, 5), turns.slice(5)];
  expect(new Set(begun.map(({ round }) => round)).size).toBe(1);
  expect(new Set(later.map(({ round }) => round)).size).toBe(later.length);
});
