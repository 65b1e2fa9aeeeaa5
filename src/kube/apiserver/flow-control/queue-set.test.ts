import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LevelUnderLoad, type Load } from "./testing/level-under-load.ts";

const queues = (count: number, handSize = 1, queueLengthLimit = 50) =>
  ({ type: "Queue", queues: count, handSize, queueLengthLimit }) as const;

describe("fairness among flows", () => {
  // Each flow: how many clients it has, how long a request of it takes, how many seats it takes.
  it.each<[string, number, Record<string, [clients: number, durationMs: number, seats?: number]>]>([
    ["the same of both", 4, { a: [8, 10], b: [8, 10] }],
    ["many clients are no more than few", 4, { a: [40, 10], b: [5, 10] }],
    ["long requests are no more than short ones", 4, { a: [8, 10], b: [8, 50] }],
    ["wide requests are no more than narrow ones", 9, { a: [12, 10], b: [12, 10, 3] }],
    ["three flows", 6, { a: [40, 10], b: [10, 20], c: [10, 5] }],
  ])("%s", (_, limit, flows) => {
    const level = new LevelUnderLoad(queues(128), limit);
    for (const [flow, [clients, durationMs, seats]] of Object.entries(flows))
      for (let client = 0; client < clients; client++) level.keepSending({ flow, durationMs, seats }, 20_000);
    level.clock.run();
    const served = [...level.served.values()];
    const mean = served.reduce((sum, one) => sum + one, 0) / served.length;
    expect(served).toHaveLength(Object.keys(flows).length);
    for (const one of served) expect(Math.abs(one - mean) / mean).toBeLessThan(0.02);
  });

  it("who asks for little gets it soon, however much others ask for", () => {
    const level = new LevelUnderLoad(queues(128, 6), 10);
    const waits: Record<string, number[]> = { flood: [], small: [] };
    const note = (flow: string) => (_: boolean, waitedMs: number) => void waits[flow]!.push(waitedMs);
    const flood = () =>
      level.send({ flow: "flood", durationMs: 100 }, (served, waitedMs) => {
        note("flood")(served, waitedMs);
        if (level.clock.monotonicMs() < 60_000) flood();
      });
    for (let client = 0; client < 200; client++) flood();
    for (let second = 5; second < 60; second++) {
      level.clock.after(second * 1000, () => level.send({ flow: "small", durationMs: 20 }, note("small")));
    }
    level.clock.run();
    const mean = (all: number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
    expect(waits.small).toHaveLength(55);
    expect(mean(waits.flood!)).toBeGreaterThan(1500);
    expect(mean(waits.small!)).toBeLessThan(300);
    // As long as a seat takes to come from each of the queues of the other.
    expect(Math.max(...waits.small!)).toBeLessThanOrEqual(600);
  });

  it("a flow that was idle has saved nothing up", () => {
    const level = new LevelUnderLoad(queues(16), 4);
    for (let client = 0; client < 8; client++) level.keepSending({ flow: "busy", durationMs: 10 }, 40_000);
    level.clock.after(20_000, () => {
      level.served.clear();
      for (let client = 0; client < 8; client++) level.keepSending({ flow: "late", durationMs: 10 }, 40_000);
    });
    level.clock.run();
    expect(level.served.get("late")! / level.served.get("busy")!).toBeLessThan(1.1);
  });
});

describe("how much of the time a client of each flow is worked on", () => {
  // Upstream's TestSeparations: requests of 1 s; what each client thinks between them, how long each request keeps how many
  // seats at its end, seats at all, clients (one a flow), and what part of 24 s each client is served.
  it.each([
    [1000, 0, 1, 1, 1, 1 / 2],
    [1000, 0, 2, 2, 1, 1 / 2],
    [1000, 0, 1, 1, 2, 1 / 2],
    [1000, 0, 2, 2, 2, 1 / 2],
    [0, 1000, 1, 1, 1, 1 / 2],
    [0, 1000, 1, 2, 1, 1],
    [0, 1000, 2, 2, 1, 1 / 2],
    [0, 1000, 1, 1, 2, 1 / 4],
    [0, 1000, 1, 2, 2, 1 / 2],
    [0, 1000, 2, 2, 2, 1 / 4],
    [1000, 500, 1, 1, 1, 1 / 2],
    [1000, 500, 1, 1, 2, 1 / 3],
    [1000, 500, 1, 2, 2, 1 / 2],
    [1000, 500, 2, 2, 2, 1 / 3],
    [500, 1000, 1, 1, 1, 1 / 2],
    [500, 1000, 1, 2, 1, 2 / 3],
    [500, 1000, 2, 2, 2, 1 / 4],
  ])(
    "think %i ms, keep %i ms of %i seats; %i seats, %i clients",
    (thinkMs, additionalMs, finalSeats, limit, clients, part) => {
      const level = new LevelUnderLoad(queues(64, 3, 8), limit);
      const call = (flow: string) =>
        level.send({ flow, durationMs: 1000, finalSeats, additionalMs }, () =>
          level.clock.after(thinkMs, () => call(flow)),
        );
      for (const flow of ["one", "two"].slice(0, clients)) call(flow);
      level.clock.run(24_000);
      for (const servedMs of level.served.values()) expect(servedMs / 24_000).toBeCloseTo(part, 9);
    },
  );
});

describe("what waits", () => {
  it("is turned away where its queue is full, and where there are no queues", () => {
    const level = new LevelUnderLoad(queues(1, 1, 3), 2);
    const ends: boolean[] = [];
    for (let n = 0; n < 10; n++) level.send({ flow: "a", durationMs: 10 }, (served) => ends.push(served));
    expect(level.set).toMatchObject({ executing: 2, waiting: 3, rejected: 5 });
    expect(Object.fromEntries(level.stats.rejected)).toEqual({ "queue-full": 5 });
    level.clock.run();
    expect(ends.filter((served) => served)).toHaveLength(5);

    const strict = new LevelUnderLoad({ type: "Reject" }, 2);
    for (let n = 0; n < 10; n++) strict.send({ flow: "a", durationMs: 10 });
    expect(Object.fromEntries(strict.stats.rejected)).toEqual({ "concurrency-limit": 8 });
  });

  it("is never turned away where it is exempt", () => {
    const level = new LevelUnderLoad({ type: "Exempt" }, 0);
    for (let n = 0; n < 1000; n++) level.send({ flow: "a", durationMs: 10 });
    expect(level.set).toMatchObject({ executing: 1000, waiting: 0, rejected: 0 });
  });

  it("is given up after its time, and makes place", () => {
    const level = new LevelUnderLoad(queues(1, 1, 2), 1);
    const ends: [boolean, number][] = [];
    const note = (served: boolean, waitedMs: number) => void ends.push([served, waitedMs]);
    level.send({ flow: "a", durationMs: 1000 });
    level.send({ flow: "a", durationMs: 10 }, note, 300);
    level.send({ flow: "a", durationMs: 10 }, note, 5000);
    level.clock.run(500);
    expect(ends).toEqual([[false, 300]]);
    expect(level.set).toMatchObject({ waiting: 1, cancelled: 1, rejected: 1 });
    level.clock.run();
    expect(ends[1]).toEqual([true, 1000]);
    expect(level.clock.pending).toBe(0);
  });

  it("is given up when its client has gone", async () => {
    const level = new LevelUnderLoad(queues(1), 1);
    level.send({ flow: "a", durationMs: 1000 });
    const gone = new AbortController();
    level.send({ flow: "a", durationMs: 10 });
    const request = level.set.queues[0]!.oldest!;
    const waited = level.set.wait(request, 5000, gone.signal);
    gone.abort();
    expect(await waited).toBe(false);
    expect(level.set.waiting).toBe(0);
  });

  it("goes on when the level changes: to fewer queues, to none, to more seats", () => {
    const level = new LevelUnderLoad(queues(16, 4), 2);
    let served = 0;
    for (let n = 0; n < 100; n++) level.send({ flow: `f${n % 10}`, durationMs: 10 }, () => served++);
    level.clock.run(35);
    level.set.configure(queues(2), 2);
    level.clock.run(35);
    level.set.configure({ type: "Reject" }, 2);
    const before = served;
    level.clock.run(10);
    expect(served).toBe(before + 2);
    level.set.configure({ type: "Reject" }, 40);
    expect(level.set.executing).toBe(40);
    level.clock.run();
    expect(served).toBe(100);
    expect(level.set).toMatchObject({ isIdle: true, seatsInUse: 0, seatsWaiting: 0 });
    expect(level.set.queues).toHaveLength(0);
  });
});

describe("seats", () => {
  it("are kept for what a request causes, and then given back", () => {
    const level = new LevelUnderLoad(queues(4), 3);
    level.send({ flow: "a", durationMs: 10, finalSeats: 3, additionalMs: 50 });
    const ends: number[] = [];
    level.send({ flow: "b", durationMs: 10 }, (_, waitedMs) => ends.push(waitedMs));
    level.clock.run(10);
    expect(level.set).toMatchObject({ executing: 0, seatsInUse: 3, waiting: 1 });
    level.clock.run();
    expect(ends).toEqual([60]);
    expect(level.set.seatsInUse).toBe(0);
  });

  it("that are more than there are at all are had by who executes alone, for longer where they are for later", () => {
    const level = new LevelUnderLoad(queues(4), 2);
    level.send({ flow: "a", durationMs: 10 });
    const ends: number[] = [];
    level.send({ flow: "b", durationMs: 10, finalSeats: 8, additionalMs: 50 }, (_, ms) => ends.push(ms));
    level.clock.run(20);
    expect(ends).toEqual([10]);
    expect(level.set.seatsInUse).toBe(2);
    level.clock.run(199);
    expect(level.set.seatsInUse).toBe(2);
    level.clock.run(1);
    expect(level.set.seatsInUse).toBe(0);
  });
});

describe("whatever comes", () => {
  const load = fc.record({
    atMs: fc.integer({ min: 0, max: 300 }),
    flow: fc.constantFrom("a", "b", "c", "d"),
    durationMs: fc.integer({ min: 0, max: 60 }),
    seats: fc.integer({ min: 1, max: 4 }),
    finalSeats: fc.integer({ min: 0, max: 4 }),
    additionalMs: fc.integer({ min: 0, max: 20 }),
  });
  const shape = fc.record({
    limit: fc.integer({ min: 1, max: 8 }),
    queues: fc.integer({ min: 1, max: 6 }),
    loads: fc.array(load, { maxLength: 80 }),
  });
  const send = (level: LevelUnderLoad, loads: readonly (Load & { atMs: number })[], onEnd: () => void) => {
    for (const one of loads) level.clock.after(one.atMs, () => level.send(one, onEnd));
  };

  it("no more seats are taken than there are, unless by one alone", () => {
    fc.assert(
      fc.property(shape, ({ limit, queues: count, loads }) => {
        const level = new LevelUnderLoad(queues(count, Math.min(2, count), 1000), limit);
        level.onStep = () => {
          const { set } = level;
          if (set.seatsInUse > limit) expect(set.executing).toBeLessThanOrEqual(1);
          expect(set.seatsInUse).toBe(level.stats.executingSeats);
          expect(set.seatsWaiting).toBe(level.stats.waitingSeats);
          expect(set.waiting).toBe(set.queues.reduce((sum, queue) => sum + queue.length, 0));
        };
        send(level, loads, () => {});
        level.clock.run();
      }),
    );
  });

  it("all of it is served in the end, and nothing is left over", () => {
    fc.assert(
      fc.property(shape, ({ limit, queues: count, loads }) => {
        const level = new LevelUnderLoad(queues(count, Math.min(2, count), 1000), limit);
        let ended = 0;
        send(level, loads, () => ended++);
        level.clock.run();
        expect(ended).toBe(loads.length);
        expect(level.set).toMatchObject({ isIdle: true, seatsInUse: 0, seatsWaiting: 0, rejected: 0 });
        for (const queue of level.set.queues)
          expect(queue).toMatchObject({ seatsInUse: 0, workWaiting: 0, maxSeatsWaiting: 0 });
      }),
    );
  });

  it("no seat is empty while somebody waits for one seat", () => {
    fc.assert(
      fc.property(shape, ({ limit, queues: count, loads }) => {
        const level = new LevelUnderLoad(queues(count, Math.min(2, count), 1000), limit);
        level.onStep = () => {
          if (level.set.waiting > 0) expect(level.set.seatsInUse).toBe(limit);
        };
        send(
          level,
          loads.map((one) => ({ ...one, seats: 1, finalSeats: 0, additionalMs: 0 })),
          () => {},
        );
        level.clock.run();
      }),
    );
  });
});
