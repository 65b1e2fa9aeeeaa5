import { describe, expect, it } from "vitest";
import { admitted, lookupAmong } from "../testing/admitted.ts";
import { priority } from "./priority.ts";

const CLASSES = "priorityclasses.scheduling.k8s.io";
const named = (name: string, value: number, more: object = {}) => ({
  metadata: { name },
  value,
  preemptionPolicy: "PreemptLowerPriority",
  ...more,
});
const high = named("high", 1000, { preemptionPolicy: "Never" });
const usual = named("usual", 7, { globalDefault: true });
const among = (...classes: object[]) => priority(lookupAmong({ [CLASSES]: classes }));
const pod = (spec: object) => ({ resource: "pods", object: { metadata: { name: "p" }, spec } });
const set = (value: number, policy = "PreemptLowerPriority") => ({
  priority: value,
  preemptionPolicy: policy,
});
const REFUSED = '403 Forbidden pods "p" is forbidden: ';

describe("Priority", () => {
  it.each<[classes: object[], sent: object, result: object]>([
    [[], {}, set(0)],
    [[high], { priorityClassName: "high" }, { priorityClassName: "high", ...set(1000, "Never") }],
    [
      [named("system-node-critical", 2_000_001_000)],
      { priorityClassName: "system-node-critical" },
      { priorityClassName: "system-node-critical", ...set(2000001000) },
    ],
    [[usual, high], {}, { priorityClassName: "usual", ...set(7) }],
    [[usual, named("lower", 3, { globalDefault: true })], {}, { priorityClassName: "lower", ...set(3) }],
    [
      [usual],
      { priority: 7, preemptionPolicy: "PreemptLowerPriority" },
      { priorityClassName: "usual", ...set(7) },
    ],
  ])("among %j makes of %j %j", async (classes, spec, result) => {
    const { object, refused } = await admitted(among(...classes), pod(spec));
    expect(refused).toBeUndefined();
    expect(object.spec).toEqual(result);
  });

  it.each([
    [{ priorityClassName: "absent" }, "no PriorityClass with name absent was found"],
    [
      { priorityClassName: "high", priority: 1 },
      "the integer value of priority (1) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name",
    ],
    [
      { priorityClassName: "high", preemptionPolicy: "PreemptLowerPriority" },
      "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name",
    ],
  ])("refuses %j", async (spec, why) => {
    expect((await admitted(among(high), pod(spec))).refused).toBe(REFUSED + why);
  });

  it("keeps what a pod has where an update leaves it out", async () => {
    const oldObject = { metadata: { name: "p" }, spec: set(5, "Never") };
    expect((await admitted(among(), { ...pod({}), oldObject })).object.spec).toEqual(set(5, "Never"));
  });

  it("lets one class be the default", async () => {
    const second = { resource: CLASSES, object: named("second", 1, { globalDefault: true }) };
    const refused =
      '403 Forbidden priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. Only one default can exist';
    expect((await admitted(among(usual), second)).refused).toBe(refused);
    expect((await admitted(among(usual), { ...second, oldObject: named("second", 1) })).refused).toBe(
      refused,
    );
    expect((await admitted(among(high), second)).refused).toBeUndefined();
    const update = { resource: CLASSES, object: usual, oldObject: usual };
    expect((await admitted(among(usual), update)).refused).toBeUndefined();
  });
});
