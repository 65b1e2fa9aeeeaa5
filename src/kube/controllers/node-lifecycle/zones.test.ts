import { describe, expect, it } from "vitest";
import { RunningTime } from "../../../base/index.ts";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import type { Node } from "../../api/index.ts";
import { DEFAULT_LIMITS, ZoneHealth, zoneOf } from "./zone-health.ts";
import { ZoneTurns } from "./zone-turns.ts";

const node = (name: string, zone: string | undefined, ready: boolean, labels: object = {}): Node =>
  ({
    metadata: {
      name,
      labels: { ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }), ...labels },
    },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "Unknown" }] },
  }) as unknown as Node;

/** A zone with so many nodes that are ready and not. */
function fill(health: ZoneHealth, zone: string, ready: number, notReady: number): string {
  for (let index = 0; index < ready + notReady; index++)
    health.set(node(`${zone}-${index}`, zone, index < ready));
  return zoneOf(node("any", zone, true));
}

describe("the health of zones", () => {
  it.each<[string, number, number, number]>([
    ["all well", 3, 0, 0.1],
    ["two are down, which says nothing", 0, 2, 0.1],
    ["less than the half is down", 6, 4, 0.1],
    ["most of a small zone is down", 2, 8, 0],
    ["most of a large zone is down", 20, 40, 0.01],
    ["all of the zone is down", 0, 60, 0.1],
  ])("decides how fast nodes are given up: %s", (_, ready, notReady, rate) => {
    const health = new ZoneHealth(DEFAULT_LIMITS);
    expect(health.rateOf(fill(health, "a", ready, notReady))).toBe(rate);
  });

  it("is followed as nodes come, change and go", () => {
    const health = new ZoneHealth(DEFAULT_LIMITS);
    expect(health.areAllDown).toBe(false);
    fill(health, "a", 0, 3);
    expect(health.areAllDown).toBe(true);
    health.set(node("b-0", "b", true));
    expect(health.areAllDown).toBe(false);
    health.set(node("b-0", "b", false));
    expect(health.areAllDown).toBe(true);
    health.set(node("b-0", "b", true, { "node.kubernetes.io/exclude-disruption": "" }));
    expect(health.areAllDown).toBe(true);
    for (const name of ["a-0", "a-1", "a-2"]) health.remove(name);
    expect(health.areAllDown).toBe(false);
  });

  it("tells zones of the same name in different regions apart", () => {
    const region = (name: string) => ({ "topology.kubernetes.io/region": name });
    expect(zoneOf(node("n", "a", true, region("x")))).not.toBe(zoneOf(node("n", "a", true, region("y"))));
    const old = { "failure-domain.beta.kubernetes.io/zone": "b" };
    expect(zoneOf(node("n", "a", true, old))).toBe(zoneOf(node("n", "b", true)));
  });
});

describe("the turns of a zone's nodes", () => {
  it("come one every ten seconds, none while too much is down, and do not pile up", async () => {
    const clock = new ManualClock();
    const time = new RunningTime(clock);
    const stop = time.start();
    const health = new ZoneHealth(DEFAULT_LIMITS);
    const zone = fill(health, "a", 5, 3);
    const turns = new ZoneTurns(time, health);
    const taken: number[] = [];
    const watch = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        if (turns.take(zone)) taken.push(second);
        await clock.advance(1000);
      }
    };
    await watch(25);
    expect(taken).toEqual([0, 10, 20]);
    fill(health, "a", 2, 8);
    taken.length = 0;
    await watch(100);
    expect(taken).toEqual([]);
    fill(health, "a", 8, 2);
    await watch(20);
    expect(taken).toHaveLength(2);
    stop();
  });
});
