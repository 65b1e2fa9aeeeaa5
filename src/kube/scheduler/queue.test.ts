import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../base/manual-clock.test-support.ts";
import type { Pod } from "../api/index.ts";
import type { ClusterEvent } from "./framework.ts";
import { Heap } from "./heap.ts";
import { SchedulingQueue } from "./queue.ts";

const pod = (uid: string, priority = 0) =>
  ({ metadata: { name: uid, uid }, spec: { priority } }) as unknown as Pod;
const never = () => false;

describe("a heap", () => {
  it("gives its items in order, whatever was put, replaced and taken", () => {
    const entry = fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
      rank: fc.integer({ min: 0, max: 9 }),
      take: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
        const heap = new Heap<{ key: string; rank: number }>(
          (one) => one.key,
          (a, b) => a.rank < b.rank,
        );
        const model = new Map<string, number>();
        for (const { key, rank, take } of entries) {
          if (take) {
            expect(heap.take(key)?.rank).toBe(model.get(key));
            model.delete(key);
          } else {
            heap.put({ key, rank });
            model.set(key, rank);
          }
          expect(heap.get(key)?.rank).toBe(model.get(key));
        }
        const order: number[] = [];
        for (let one = heap.pop(); one; one = heap.pop()) order.push(one.rank);
        expect(order).toEqual([...model.values()].sort((a, b) => a - b));
      }),
    );
  });
});

describe("the scheduling queue", () => {
  const clock = new ManualClock();
  /** The next pod, or undefined when nobody's time has come. */
  const take = async (queue: SchedulingQueue): Promise<{ uid: string; attempts: number } | undefined> => {
    const stop = new AbortController();
    const next = queue.next(stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    const found = await next;
    return found && { uid: found.pod.metadata.uid, attempts: found.attempts };
  };

  it("gives pods by priority, then in the order in which they came", async () => {
    const queue = new SchedulingQueue(clock);
    queue.add(pod("first"));
    queue.add(pod("second"));
    queue.add(pod("urgent", 1000));
    queue.add(pod("gone"));
    queue.remove("gone");
    expect(
      [await take(queue), await take(queue), await take(queue), await take(queue)].map((one) => one?.uid),
    ).toEqual(["urgent", "first", "second", undefined]);
  });

  it("wakes who waits only by events that may help, and not before the back-off has passed", async () => {
    const queue = new SchedulingQueue(clock);
    queue.add(pod("p"));
    expect(await take(queue)).toEqual({ uid: "p", attempts: 1 });
    queue.unschedulable({ pod: pod("p"), attempts: 1, enteredMs: 0 }, (event) => event.type === "node");
    await clock.advance(60_000);
    queue.clusterChanged({ type: "pod-gone", pod: pod("other") });
    expect(await take(queue)).toBeUndefined();
    queue.clusterChanged({ type: "node" });
    expect(await take(queue)).toEqual({ uid: "p", attempts: 2 });
    queue.unschedulable({ pod: pod("p"), attempts: 2, enteredMs: 0 }, (event) => event.type === "node");
    queue.clusterChanged({ type: "node" });
    await clock.advance(1_900);
    expect(await take(queue)).toBeUndefined();
    await clock.advance(200);
    expect(await take(queue)).toEqual({ uid: "p", attempts: 3 });
  });

  it("tries whom an event may have helped before the back-off has passed, where nobody else may be tried", async () => {
    const counted: string[] = [];
    const queue = new SchedulingQueue(clock, { counted: (name, cause) => counted.push(`${name} ${cause}`) });
    const fail = (uid: string, priority = 0) =>
      queue.unschedulable({ pod: pod(uid, priority), attempts: 3, enteredMs: 0 }, () => true, ["Plugin"]);
    fail("low");
    fail("high", 10);
    queue.retry({ pod: pod("error"), attempts: 3, enteredMs: 0 });
    queue.add(pod("other"));
    queue.clusterChanged({ type: "node" });
    expect(queue.pending).toMatchObject({ active: 1, backoff: 3 });
    const uids = [];
    for (let left = 4; left > 0; left--) uids.push((await take(queue))?.uid);
    expect(uids).toEqual(["other", "high", "low", undefined]);
    expect(counted).toContain("active PopFromBackoffQ");
    await clock.advance(4_000);
    expect((await take(queue))?.uid).toBe("error");
  });

  it("has who is only to be tried again wait, and lets go who has waited for as long as others are tried", async () => {
    const queue = new SchedulingQueue(clock);
    for (const uid of ["forced", "helped"])
      queue.unschedulable(
        { pod: pod(uid), attempts: 1, enteredMs: 0 },
        (_, { metadata }) => metadata.uid === "helped",
        ["Plugin"],
      );
    queue.activate("forced");
    expect(await take(queue)).toBeUndefined();
    queue.clusterChanged({ type: "node" });
    queue.add(pod("urgent", 10));
    await clock.advance(2_100);
    expect(queue.pending).toMatchObject({ active: 1, backoff: 2 });
    expect((await take(queue))?.uid).toBe("urgent");
    expect(queue.pending).toMatchObject({ active: 2, backoff: 0 });
  });

  it("backs off up to ten seconds", async () => {
    const queue = new SchedulingQueue(clock);
    for (const [attempts, seconds] of [
      [1, 1],
      [2, 2],
      [3, 4],
      [4, 8],
      [5, 10],
      [9, 10],
    ] as const) {
      queue.retry({ pod: pod("p"), attempts, enteredMs: 0 });
      await clock.advance(seconds * 1000 - 100);
      expect(await take(queue)).toBeUndefined();
      await clock.advance(200);
      expect(await take(queue)).toEqual({ uid: "p", attempts: attempts + 1 });
    }
  });

  it("tries again after five minutes whom nothing woke", async () => {
    const queue = new SchedulingQueue(clock);
    queue.unschedulable({ pod: pod("p"), attempts: 1, enteredMs: 0 }, never);
    await clock.advance(4 * 60_000);
    expect(await take(queue)).toBeUndefined();
    await clock.advance(61_000);
    expect(await take(queue)).toEqual({ uid: "p", attempts: 2 });
  });

  it("wakes its reader by itself, at the first moment something is due", async () => {
    const queue = new SchedulingQueue(clock);
    queue.retry({ pod: pod("p"), attempts: 1, enteredMs: 0 });
    queue.unschedulable({ pod: pod("q"), attempts: 1, enteredMs: 0 }, never);
    const found = queue.next(new AbortController().signal);
    await clock.advance(1_000);
    expect((await found)!.pod.metadata.uid).toBe("p");
    const flushed = queue.next(new AbortController().signal);
    await clock.advance(5 * 60_000);
    expect((await flushed)!.pod.metadata.uid).toBe("q");
  });

  it("keeps the newest form of who waits", async () => {
    const queue = new SchedulingQueue(clock);
    queue.unschedulable({ pod: pod("p"), attempts: 1, enteredMs: 0 }, never);
    queue.refresh(pod("p", 7));
    queue.add(pod("p", 7));
    await clock.advance(1_000);
    expect(await take(queue)).toEqual({ uid: "p", attempts: 2 });
    expect(queue.size).toBe(0);
  });

  it("keeps events in mind that come while a pod is tried, and a pod that comes in anew meanwhile", async () => {
    const queue = new SchedulingQueue(clock);
    const isNode = (event: ClusterEvent): boolean => event.type === "node";
    queue.add(pod("p"));
    const attempt = (await queue.next(new AbortController().signal))!;
    queue.clusterChanged({ type: "storage", resource: "PersistentVolume", action: "Add" });
    queue.clusterChanged({ type: "node" });
    queue.unschedulable(attempt, isNode);
    expect(queue.pending).toMatchObject({ backoff: 1, unschedulable: 0 });
    await clock.advance(10_000);
    const again = (await queue.next(new AbortController().signal))!;
    queue.add(pod("p"));
    queue.unschedulable(again, isNode);
    expect(queue.pending).toMatchObject({ active: 1, backoff: 0, unschedulable: 0 });
  });

  it("tells who waits where; who has gates waits apart", () => {
    const queue = new SchedulingQueue(clock);
    queue.add(pod("p"));
    queue.hold(pod("q"));
    queue.unschedulable({ pod: pod("r"), attempts: 1, enteredMs: 0 }, () => false);
    expect(queue.pending).toEqual({ active: 1, backoff: 0, unschedulable: 1, gated: 1 });
    queue.add(pod("q"));
    queue.remove("p");
    expect(queue.pending).toEqual({ active: 1, backoff: 0, unschedulable: 1, gated: 0 });
  });
});
