import { expect, it } from "vitest";
import { ManualClock } from "../../base/manual-clock.test-support.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
import { NodeSelector } from "./select-node.ts";
import { clusterOf, node, pod } from "./testing/objects.ts";

/** Refuses nodes of another name, and prefers none. */
const onlyOn = (name: string): SchedulingPlugin<never> => ({
  name: "OnlyOn",
  prepare: () => undefined as never,
  filter: (_pod, one) => (one.name === name ? undefined : [{ reason: "other" }]),
});
const rating: SchedulingPlugin<never> = { name: "Rating", filter: () => undefined, score: () => 1 };

const NAME = "scheduler_plugin_execution_duration_seconds_count";

it("tells what each plugin was asked, and its times in one of ten attempts", () => {
  const metrics = new SchedulerMetrics(new ManualClock());
  const selector = new NodeSelector([onlyOn("b"), rating], { timer: metrics.timerOf("p") });
  const snapshot = clusterOf([node("a"), node("b"), node("c")]);
  for (let count = 0; count < 11; count++) expect(selector.select(pod(), snapshot)).toEqual({ node: "b" });
  const lines = metrics.lines();
  // The second is asked about those only that the first lets through.
  for (const line of [
    'scheduler_plugin_evaluation_total{extension_point="PreFilter",plugin="OnlyOn",profile="p"} 11',
    'scheduler_plugin_evaluation_total{extension_point="Filter",plugin="OnlyOn",profile="p"} 33',
    'scheduler_plugin_evaluation_total{extension_point="Filter",plugin="Rating",profile="p"} 11',
    `${NAME}{extension_point="Filter",plugin="OnlyOn",status="Unschedulable"} 4`,
    `${NAME}{extension_point="Filter",plugin="OnlyOn",status="Success"} 2`,
    `${NAME}{extension_point="PreFilter",plugin="OnlyOn",status="Success"} 2`,
    `${NAME}{extension_point="Filter",plugin="Rating",status="Success"} 2`,
  ])
    expect(lines).toContain(line);
});

it("takes the times of a hundred nodes an attempt at most, and chooses the same", () => {
  const metrics = new SchedulerMetrics(new ManualClock());
  const selector = new NodeSelector([onlyOn("node-149")], { timer: metrics.timerOf("p") });
  const snapshot = clusterOf(Array.from({ length: 150 }, (_, index) => node(`node-${index}`)));
  expect(selector.select(pod(), snapshot)).toEqual({ node: "node-149" });
  expect(metrics.lines()).toContain(
    `${NAME}{extension_point="Filter",plugin="OnlyOn",status="Unschedulable"} 100`,
  );
});
