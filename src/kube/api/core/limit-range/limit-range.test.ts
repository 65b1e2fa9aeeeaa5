import { describe, expect, it } from "vitest";
import type { LimitRange } from "../../generated/types.ts";
import { describeRefusals, type KindRefusals } from "../../testing/describe-refusals.ts";
import { createdFrom, type Refusal } from "../../testing/refusals.ts";
import { limitRanges } from "../limit-range.ts";

const quantity = (value: number, text: string, { scale = 0, format = "DecimalSI" } = {}) =>
  `resource.Quantity{i:resource.int64Amount{value:${value}, scale:${scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"${text}", Format:"${format}"}`;
const limits = (...list: object[]) => ({ spec: { limits: list } });
const ofContainer = (item: object, ...errors: string[]): Refusal => [
  limits({ type: "Container", ...item }),
  ...errors,
];

const REFUSALS: KindRefusals = {
  base: { metadata: { name: "l", namespace: "n" }, spec: { limits: [{ type: "Container" }] } },
  create: [
    [limits({ type: "example.com/thing" }, { type: "Pod", max: { cpu: "1" } })],
    [
      limits(
        { type: "Odd" },
        { type: "Pod" },
        { type: "Pod", default: { cpu: "1" }, defaultRequest: { cpu: "1" } },
      ),
      'Invalid spec.limits[0].type: Invalid value: "Odd": must be a standard limit type or fully qualified',
      'Duplicate spec.limits[2].type: Duplicate value: "Pod"',
      "Forbidden spec.limits[2].default: Forbidden: may not be specified when `type` is 'Pod'",
      "Forbidden spec.limits[2].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      limits({ type: "PersistentVolumeClaim", max: { cpu: "1" } }),
      "Required spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided",
    ],
    ofContainer(
      { min: { pods: "1" } },
      "Invalid spec.limits[0].min[pods]: Invalid value: pods: must be a standard resource for containers",
      "Invalid spec.limits[0].defaultRequest[pods]: Invalid value: pods: must be a standard resource for containers",
    ),
    ofContainer(
      { min: { cpu: "2" }, max: { cpu: "1" }, default: { cpu: "1" }, defaultRequest: { cpu: "2" } },
      `Invalid spec.limits[0].min[cpu]: Invalid value: ${quantity(2, "2")}: min value 2 is greater than max value 1`,
      `Invalid spec.limits[0].defaultRequest[cpu]: Invalid value: ${quantity(2, "2")}: default request value 2 is greater than max value 1`,
      `Invalid spec.limits[0].defaultRequest[cpu]: Invalid value: ${quantity(2, "2")}: default request value 2 is greater than default limit value 1`,
      `Invalid spec.limits[0].default[cpu]: Invalid value: ${quantity(2, "2")}: min value 2 is greater than default value 1`,
    ),
    ofContainer(
      { min: { memory: "1Gi" }, max: { memory: "2Gi" }, maxLimitRequestRatio: { memory: "3", cpu: "500m" } },
      `Invalid spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: ${quantity(500, "500m", { scale: -3 })}: ratio 500m is less than 1`,
      `Invalid spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: ${quantity(3, "3")}: ratio 3 is greater than max/min = 2.000000`,
    ),
    ofContainer(
      { default: { "example.com/gpu": "2" }, defaultRequest: { "example.com/gpu": "1" } },
      `Invalid spec.limits[0].defaultRequest[example.com/gpu]: Invalid value: ${quantity(1, "1")}: default value 2 must equal to defaultRequest value 1 in example.com/gpu`,
    ),
  ],
};

describeRefusals(limitRanges, REFUSALS);

describe("a limit range", () => {
  it("gives containers what they may have at the most, where it says nothing else", () => {
    const item = {
      type: "Container",
      max: { cpu: "2", memory: "1Gi" },
      min: { cpu: "100m", "example.com/a": "1" },
    };
    const { spec } = createdFrom(limitRanges, REFUSALS.base, limits({ ...item, default: { cpu: "1" } }));
    expect(spec.limits[0]).toMatchObject({
      default: { cpu: "1", memory: "1Gi" },
      defaultRequest: { cpu: "1", memory: "1Gi", "example.com/a": "1" },
    });
    const ofPods = createdFrom(limitRanges, REFUSALS.base, limits({ type: "Pod", max: { cpu: "2" } }));
    expect(ofPods.spec.limits[0]).toEqual({ type: "Pod", max: { cpu: "2" } });
  });

  it("without a name gets one", () => {
    const one = createdFrom(limitRanges, REFUSALS.base, { metadata: { name: null } }) as LimitRange;
    expect(one.metadata.name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
