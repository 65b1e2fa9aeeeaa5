import { expect, it } from "vitest";
import { FairTurn, runInTurns } from "./fair-turn.ts";

/** Counts the rounds of the event loop. */
function rounds() {
  let round = 0;
  let isOver = false;
  const nextRound = () => {
    round++;
    if (!isOver) setImmediate(nextRound);
  };
  setImmediate(nextRound);
  return {
    get now() {
      return round;
    },
    end: () => {
      isOver = true;
    },
  };
}

it("lets one of all that is worked on go on in each round of the event loop, in order", async () => {
  const loop = rounds();
  const turns: { worker: number; round: number }[] = [];
  const work = async (worker: number) => {
    const turn = new FairTurn();
    for (let piece = 0; piece < 3; piece++) {
      if (turn.isSpent) await turn.next();
      turns.push({ worker, round: loop.now });
      while (!turn.isSpent);
    }
  };
  await Promise.all([0, 1, 2, 3, 4].map(work));
  loop.end();
  // The first had the round in which all came, and so waits before them.
  expect(turns.map(({ worker }) => worker)).toEqual([0, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 1, 2, 3, 4]);
  expect(new Set(turns.map(({ round }) => round)).size).toBe(turns.length);
});

it("does not let who has much in line keep another from its turn", async () => {
  const order: string[] = [];
  const work = async (owner: string) => {
    const turn = new FairTurn(undefined, owner);
    await turn.next();
    order.push(owner);
    while (!turn.isSpent);
  };
  await Promise.all([...Array.from({ length: 6 }, () => work("many")), work("one")]);
  expect(order.indexOf("one")).toBe(1);
});

it("lets many that are soon done go on in one round", async () => {
  const loop = rounds();
  const first = new FairTurn();
  while (!first.isSpent);
  const seen = await Promise.all(
    Array.from({ length: 200 }, async () => {
      await new FairTurn().next();
      await Promise.resolve();
      return loop.now;
    }),
  );
  loop.end();
  expect(new Set(seen).size).toBeLessThan(50);
});

it("runs steps to their end, giving others the loop in between", async () => {
  const loop = rounds();
  function* steps(): Generator<void, string> {
    for (let n = 0; n < 4; n++) {
      const turn = new FairTurn();
      while (!turn.isSpent);
      yield;
    }
    return "done";
  }
  expect(await runInTurns(steps())).toBe("done");
  loop.end();
  expect(loop.now).toBeGreaterThanOrEqual(3);
});
