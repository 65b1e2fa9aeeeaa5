import { expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { createController } from "../controller.ts";
import { WorkqueueMetrics } from "./workqueue-metrics.ts";

it("what a controller's queue does is told by upstream's names", async () => {
  const clock = new ManualClock();
  const metrics = new WorkqueueMetrics(clock);
  const failing = new Set(["bad"]);
  let release = () => {};
  const controller = createController(
    {
      name: "endpointslice",
      informers: [],
      watch: (enqueue) => {
        for (const key of ["a", "a", "bad", "slow", "behind"]) enqueue(key);
        return [];
      },
      reconcile: async (key) => {
        if (failing.delete(key)) throw new Error("once");
        if (key === "slow") await new Promise<void>((resolve) => (release = resolve));
      },
    },
    { clock, logger: silentLogger, concurrency: 1, queueMetrics: metrics },
  );
  const over = new AbortController();
  const ran = controller.run(over.signal);
  await clock.advance(2000);
  const value = (name: string) =>
    metrics
      .lines()
      .find((line) => line.startsWith(`${name}{name="endpoint_slice"}`))
      ?.split(" ")[1];
  // The one that failed waits for the slow one, too.
  expect(value("workqueue_depth")).toBe("2");
  expect(value("workqueue_adds_total")).toBe("5");
  expect(value("workqueue_retries_total")).toBe("1");
  expect(value("workqueue_unfinished_work_seconds")).toBe("2");
  expect(value("workqueue_longest_running_processor_seconds")).toBe("2");
  expect(value("workqueue_work_duration_seconds_count")).toBe("2");
  release();
  await clock.advance(0);
  expect(value("workqueue_depth")).toBe("0");
  expect(value("workqueue_queue_duration_seconds_count")).toBe("5");
  expect(value("workqueue_work_duration_seconds_sum")).toBe("2");
  expect(metrics.lines()).toContain(
    'workqueue_work_duration_seconds_bucket{name="endpoint_slice",le="1e-08"} 4',
  );
  over.abort();
  await ran;
});
