import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import {
  NO_FAILURES,
  nextFailures,
  POD_FAILURE_BACKOFF,
  remainingMs,
  remainingOfIndexMs,
} from "./backoff.ts";
import { FAILURE_COUNT, IGNORED_FAILURE_COUNT } from "./completion-index.ts";
import { finishTimeMs } from "./finish-time.ts";

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const ms = (second: number) => Date.parse(at(second));
const terminated = (second: number, name = "c") => ({
  name,
  state: { terminated: { exitCode: 1, finishedAt: at(second) } },
});
const running = (name: string) => ({ name, state: { running: {} } });
const podWith = (part: object, metadata: object = {}) =>
  ({
    metadata: { creationTimestamp: at(0), ...metadata },
    spec: { containers: [] },
    ...part,
  }) as unknown as Pod;
const ended = (second: number) => podWith({ status: { containerStatuses: [terminated(second)] } });

describe("a pod ended", () => {
  const sidecar = { initContainers: [{ name: "s", restartPolicy: "Always" }, { name: "i" }] };
  it.each<[string, Pod, number]>([
    [
      "with its last container",
      podWith({ status: { containerStatuses: [terminated(5), terminated(9), terminated(7)] } }),
      9,
    ],
    [
      "with its sidecar",
      podWith({
        spec: sidecar,
        status: {
          containerStatuses: [terminated(5)],
          initContainerStatuses: [terminated(8, "s"), terminated(9, "i")],
        },
      }),
      8,
    ],
    [
      "when it ceased to be ready, where a container runs",
      podWith({
        spec: sidecar,
        status: {
          containerStatuses: [terminated(5)],
          initContainerStatuses: [running("s")],
          conditions: [{ type: "Ready", status: "False", lastTransitionTime: at(6) }],
        },
      }),
      6,
    ],
    ["when it was deleted", podWith({}, { deletionTimestamp: at(40), deletionGracePeriodSeconds: 30 }), 10],
    ["when it was made, where nothing else is known", podWith({ status: { conditions: [] } }), 0],
  ])("%s", (_, pod, second) => {
    expect(finishTimeMs(pod)).toBe(ms(second));
  });
});

describe("failures since the last success", () => {
  it.each([
    [NO_FAILURES, [], [], NO_FAILURES],
    [NO_FAILURES, [], [3, 1], { count: 2, lastMs: ms(3) }],
    [{ count: 2, lastMs: ms(3) }, [], [], { count: 2, lastMs: ms(3) }],
    [{ count: 2, lastMs: ms(3) }, [], [5], { count: 3, lastMs: ms(5) }],
    [{ count: 2, lastMs: ms(3) }, [6], [], NO_FAILURES],
    [{ count: 2, lastMs: ms(3) }, [6], [5, 7, 8], { count: 2, lastMs: ms(8) }],
    [{ count: 2, lastMs: ms(3) }, [6, 9], [5, 7, 8], NO_FAILURES],
  ])("after %j, successes at %j and failures at %j", (known, succeeded, failed, expected) => {
    expect(nextFailures(known, succeeded.map(ended), failed.map(ended))).toEqual(expected);
  });
});

describe("pods are made again", () => {
  it.each([
    [0, 0],
    [1, 10_000],
    [2, 20_000],
    [6, 320_000],
    [7, 600_000],
    [50, 600_000],
  ])("after %d failures when %d ms have passed", (count, expected) => {
    const failures = { count, lastMs: ms(10) };
    expect(remainingMs(failures, ms(10), POD_FAILURE_BACKOFF)).toBe(expected);
    expect(remainingMs(failures, ms(10) + expected, POD_FAILURE_BACKOFF)).toBe(0);
    expect(remainingMs(failures, ms(11), POD_FAILURE_BACKOFF)).toBe(Math.max(0, expected - 1000));
  });

  it("of an index by its own failures, counted or not", () => {
    const annotations = { [FAILURE_COUNT]: "1", [IGNORED_FAILURE_COUNT]: "1" };
    const last = { ...ended(10), metadata: { ...ended(10).metadata, annotations } };
    expect(remainingOfIndexMs(last, ms(15), POD_FAILURE_BACKOFF)).toBe(35_000);
    expect(remainingOfIndexMs(undefined, ms(15), POD_FAILURE_BACKOFF)).toBe(0);
  });
});
