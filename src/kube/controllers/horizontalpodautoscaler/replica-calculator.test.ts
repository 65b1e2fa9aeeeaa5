import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import type { PodMetrics } from "./pod-metrics.ts";
import {
  averageRatio,
  podRequests,
  replicasForRatio,
  replicasForShare,
  replicasForUsage,
  utilizationRatio,
} from "./replica-calculator.ts";
import { SETTINGS } from "./settings.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number) => new Date(NOW_MS - seconds * 1000).toISOString();

interface PodState {
  /** Thousandths of a processor; nothing is known where it is absent. */
  usage?: number;
  phase?: string;
  ready?: boolean;
  startedAgo?: number;
  changedAgo?: number;
  isLeaving?: boolean;
}

const ordinary = (usage?: number): PodState => ({ usage });
const starting = (usage?: number): PodState => ({ usage, ready: false, startedAgo: 60, changedAgo: 60 });

function podOf(state: PodState, index: number): Pod {
  const { phase = "Running", ready = true, startedAgo = 3600, changedAgo = 3000, isLeaving } = state;
  return {
    metadata: { name: `p${index}`, ...(isLeaving ? { deletionTimestamp: ago(1) } : {}) },
    spec: { containers: [{ name: "c", resources: { requests: { cpu: "1" } } }] },
    status: {
      phase,
      startTime: ago(startedAgo),
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: ago(changedAgo) }],
    },
  } as unknown as Pod;
}

function calculate(states: PodState[], targetPercent: number, currentReplicas = states.length) {
  const pods = states.map(podOf);
  const metrics: PodMetrics = new Map();
  for (const [index, { usage }] of states.entries())
    if (usage !== undefined) metrics.set(`p${index}`, { atMs: NOW_MS, windowMs: 60_000, milliValue: usage });
  const requests = podRequests(pods, "cpu", undefined);
  const { replicas, usage } = replicasForUsage({
    pods,
    metrics,
    resource: "cpu",
    currentReplicas,
    nowMs: NOW_MS,
    settings: SETTINGS,
    ratioOf: utilizationRatio(requests, targetPercent),
    assumedOf: (name) => Math.trunc((requests.get(name)! * Math.max(100, targetPercent)) / 100),
  });
  return [replicas, usage.utilization];
}

describe("replicas for the processor time of pods", () => {
  it.each<[string, PodState[], number, [number, number]]>([
    ["more, in proportion", [300, 500, 700].map(ordinary), 30, [5, 50]],
    ["fewer, in proportion", [100, 300, 500, 250, 250].map(ordinary), 50, [3, 28]],
    ["as many within the tolerance", [1010, 1030, 1020].map(ordinary), 100, [3, 102]],
    ["as many at the edge of the tolerance", [1100, 1100].map(ordinary), 100, [2, 110]],
    ["more, where starting pods count as idle", [starting(400), ordinary(500), ordinary(700)], 30, [4, 60]],
    [
      "no more, where starting pods would turn it round",
      [starting(400), starting(500), ordinary(700)],
      30,
      [3, 70],
    ],
    ["fewer, without starting pods", [starting(900), ordinary(100), ordinary(100)], 50, [1, 10]],
    ["more, where unknown pods count as idle", [ordinary(), ordinary(700), ordinary(700)], 30, [5, 70]],
    ["no fewer, where unknown pods might work", [ordinary(), ordinary(100), ordinary(100)], 50, [3, 10]],
    ["fewer, where unknown pods work as much as they may", [undefined, 10, 10, 10].map(ordinary), 50, [2, 1]],
    [
      "without those that leave",
      [ordinary(400), ordinary(400), { usage: 900, isLeaving: true }],
      20,
      [4, 40],
    ],
    [
      "without those that failed",
      [ordinary(400), ordinary(400), { usage: 900, phase: "Failed" }],
      20,
      [4, 40],
    ],
    [
      "with pods that lost their readiness after their start",
      [ordinary(400), { usage: 800, ready: false, startedAgo: 3600, changedAgo: 60 }],
      30,
      [4, 60],
    ],
    [
      "without pods that never were ready",
      [ordinary(600), { usage: 800, ready: false, startedAgo: 3600, changedAgo: 3595 }],
      60,
      [2, 60],
    ],
  ])("are %s", (_, states, target, expected) => {
    expect(calculate(states, target)).toEqual(expected);
  });

  it.each<[string, PodState[], string]>([
    ["no pods", [], "no pods returned by selector while calculating replica count"],
    [
      "pods that all start",
      [starting(1), starting(1)],
      "did not receive metrics for targeted pods (pods might be unready)",
    ],
  ])("cannot be told of %s", (_, states, message) => {
    expect(() => calculate(states, 50)).toThrow(message);
  });

  it("need a request of every container", () => {
    const pod = podOf({}, 0);
    pod.spec.containers.push({ name: "side" });
    expect(() => podRequests([pod], "cpu", undefined)).toThrow(
      "missing request for cpu in container side of Pod p0",
    );
    expect(podRequests([pod], "cpu", "c")).toEqual(new Map([["p0", 1000]]));
  });
});

describe("replicas for other figures", () => {
  it("follow the average of pods", () => {
    const metrics: PodMetrics = new Map(
      [20_000, 10_000, 10_000].map((milliValue, index) => [
        `p${index}`,
        { atMs: 0, windowMs: 0, milliValue },
      ]),
    );
    expect(averageRatio(15_000)(metrics)).toEqual({ milliValue: 13_333, ratio: 13_333 / 15_000 });
  });

  it.each<[number, number, number]>([
    [1.05, 4, 4],
    [2, 4, 6],
    [0.5, 4, 2],
    [0.5, 0, 1],
    [0, 0, 0],
  ])("of a ratio of %s and %s replicas are %s", (ratio, current, expected) => {
    expect(replicasForRatio(ratio, current, SETTINGS, () => 3)).toBe(expected);
  });

  it("share a figure among them", () => {
    expect(replicasForShare(8600, 2000, 4, SETTINGS)).toEqual({ replicas: 4, milliValue: 2150 });
    expect(replicasForShare(10_000, 2000, 3, SETTINGS)).toEqual({ replicas: 5, milliValue: 3334 });
  });
});
