import { describe, expect, it } from "vitest";
import { admitted, lookupAmong } from "../testing/admitted.ts";
import { runtimeClass } from "./runtime-class.ts";

const plugin = runtimeClass(
  lookupAmong({
    "runtimeclasses.node.k8s.io": [
      { metadata: { name: "plain" }, handler: "h" },
      { metadata: { name: "heavy" }, overhead: { podFixed: { cpu: "250m", memory: "1Gi" } } },
      {
        metadata: { name: "picky" },
        scheduling: { nodeSelector: { a: "b", c: "d" }, tolerations: [{ key: "t", operator: "Exists" }] },
      },
    ],
  }),
);
const pod = (runtimeClassName: string | undefined, spec: object = {}) => ({
  resource: "pods",
  object: {
    metadata: { generateName: "p-" },
    spec: { ...(runtimeClassName ? { runtimeClassName } : {}), ...spec },
  },
});
const REJECTED = '403 Forbidden pods "p-" is forbidden: ';

describe("RuntimeClass", () => {
  it.each<[name: string | undefined, spec: object, gets: object]>([
    [undefined, { a: 1 }, {}],
    ["plain", {}, {}],
    ["heavy", {}, { overhead: { cpu: "250m", memory: "1Gi" } }],
    ["heavy", { overhead: { cpu: "0.25", memory: "1024Mi" } }, { overhead: { cpu: "250m", memory: "1Gi" } }],
    ["picky", {}, { nodeSelector: { a: "b", c: "d" }, tolerations: [{ key: "t", operator: "Exists" }] }],
    [
      "picky",
      {
        nodeSelector: { a: "b", e: "f" },
        tolerations: [
          { key: "t", operator: "Equal", value: "v", effect: "NoSchedule" },
          { key: "u", operator: "Exists" },
        ],
      },
      {
        nodeSelector: { a: "b", c: "d", e: "f" },
        tolerations: [
          { key: "u", operator: "Exists" },
          { key: "t", operator: "Exists" },
        ],
      },
    ],
  ])("%s gives a pod of %j %j", async (name, spec, gets) => {
    const { object, refused } = await admitted(plugin, pod(name, spec));
    expect(refused).toBeUndefined();
    expect(object.spec).toEqual({ ...pod(name, spec).object.spec, ...gets });
  });

  it.each([
    ["absent", {}, 'pod rejected: RuntimeClass "absent" not found'],
    [
      "heavy",
      { overhead: { cpu: "1" } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      "plain",
      { overhead: { cpu: "1" } },
      "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
    ],
    [
      "picky",
      { nodeSelector: { c: "x" } },
      "conflict: runtimeClass.scheduling.nodeSelector[c] = d; pod.spec.nodeSelector[c] = x",
    ],
  ])("%s refuses a pod of %j", async (name, spec, why) => {
    expect((await admitted(plugin, pod(name, spec))).refused).toBe(REJECTED + why);
  });
});
