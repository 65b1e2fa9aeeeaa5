import { describe, expect, it } from "vitest";
import type { V2MetricSpec, V2MetricStatus } from "../generated/types.ts";
import { metricsText } from "./metrics-text.ts";

const target = (more: object) => ({ target: { type: "x", ...more }, metric: { name: "m" } });
const current = (more: object) => ({ current: more, metric: { name: "m" } });
const cpu = { type: "Resource", resource: { name: "cpu", ...target({ averageUtilization: 50 }) } };

describe("the targets of an autoscaler", () => {
  it.each<[object[], object[], string]>([
    [[], [], "<none>"],
    [[cpu], [], "cpu: <unknown>/50%"],
    [
      [cpu],
      [{ type: "Resource", resource: { name: "cpu", ...current({ averageUtilization: 7 }) } }],
      "cpu: 7%/50%",
    ],
    [
      [{ type: "Resource", resource: { name: "cpu", ...target({ averageValue: "1" }) } }],
      [],
      "cpu: <unknown>/1",
    ],
    [
      [{ type: "Resource", resource: { name: "cpu", ...target({ averageValue: "1" }) } }],
      [{ type: "Resource", resource: { name: "cpu", ...current({}) } }],
      "cpu: <nil>/1",
    ],
    [
      [{ type: "ContainerResource", containerResource: { name: "cpu", ...target({}) } }],
      [],
      "cpu: <unknown>/<auto>",
    ],
    [
      [{ type: "External", external: target({ averageValue: "3" }) }],
      [{ type: "External", external: current({ averageValue: "2" }) }],
      "2/3 (avg)",
    ],
    [
      [{ type: "Object", object: target({ value: "3" }) }],
      [{ type: "Object", object: current({ value: "2" }) }],
      "2/3",
    ],
    [[{ type: "Pods", pods: target({ averageValue: "3" }) }], [], "<unknown>/3"],
    [[cpu, cpu, cpu], [], "cpu: <unknown>/50%, cpu: <unknown>/50% + 1 more..."],
  ])("%j with %j are %s", (specs, statuses, text) => {
    expect(metricsText(specs as V2MetricSpec[], statuses as V2MetricStatus[])).toBe(text);
  });
});
