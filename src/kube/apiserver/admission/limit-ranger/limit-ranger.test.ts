import { describe, expect, it } from "vitest";
import { admitted, lookupAmong } from "../../testing/admitted.ts";
import { limitRanger } from "./limit-ranger.ts";

const limitRange = (...limits: object[]) => ({ metadata: { name: "l", namespace: "n" }, spec: { limits } });
const rangerOf = (...limits: object[]) => limitRanger(lookupAmong({ limitranges: [limitRange(...limits)] }));
const container = (name: string, requests?: object, limits?: object) => ({
  name,
  resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) },
});
const pod = (containers: object[], initContainers?: object[]) => ({
  metadata: { name: "p" },
  spec: { containers, ...(initContainers ? { initContainers } : {}) },
});
const claim = (storage?: string) => ({
  metadata: { name: "c" },
  spec: { resources: storage ? { requests: { storage } } : {} },
});

describe("LimitRanger", () => {
  it("gives containers what they do not name, and writes that down", async () => {
    const plugin = rangerOf(
      {
        type: "Container",
        default: { cpu: "1", memory: "1Gi" },
        defaultRequest: { cpu: "500m", memory: "1Gi" },
      },
      { type: "Pod", max: {} },
    );
    const sent = pod([container("a"), container("b", { cpu: "1" }, { cpu: "1" })], [container("i")]);
    const { object } = await admitted(plugin, { resource: "pods", object: sent });
    const all = { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
    expect(object.spec).toEqual({
      containers: [
        { name: "a", resources: all },
        {
          name: "b",
          resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
        },
      ],
      initContainers: [{ name: "i", resources: all }],
    });
    expect(object.metadata.annotations).toEqual({
      "kubernetes.io/limit-ranger":
        "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for container b; memory limit for container b; cpu, memory request for init container i; cpu, memory limit for init container i",
    });
  });

  it.each<[what: string, limits: object, sent: object, problems: string | undefined]>([
    [
      "enough",
      { type: "Container", min: { cpu: "1" }, max: { cpu: "2" } },
      pod([container("a", { cpu: "1" }, { cpu: "2" })]),
      undefined,
    ],
    [
      "no request",
      { type: "Container", min: { cpu: "0.5" } },
      pod([container("a")]),
      "minimum cpu usage per Container is 500m.  No request is specified",
    ],
    [
      "little",
      { type: "Container", min: { cpu: "1" } },
      pod([container("a", { cpu: "0.1" })]),
      "minimum cpu usage per Container is 1, but request is 100m",
    ],
    [
      "a low limit",
      { type: "Container", min: { cpu: "1" } },
      pod([container("a", { cpu: "1" }, { cpu: "100m" })]),
      "minimum cpu usage per Container is 1, but limit is 100m",
    ],
    [
      "no limit",
      { type: "Container", max: { memory: "1024Mi" } },
      pod([container("a")]),
      "maximum memory usage per Container is 1Gi.  No limit is specified",
    ],
    [
      "much",
      { type: "Container", max: { memory: "1Gi" } },
      pod([container("a", {}, { memory: "2Gi" })]),
      "maximum memory usage per Container is 1Gi, but limit is 2Gi",
    ],
    [
      "a high request",
      { type: "Container", max: { memory: "1Gi" } },
      pod([container("a", { memory: "2Gi" }, { memory: "1Gi" })]),
      "maximum memory usage per Container is 1Gi, but request is 2Gi",
    ],
    [
      "a ratio",
      { type: "Container", maxLimitRequestRatio: { cpu: "1500m" } },
      pod([container("a", { cpu: "3" }, { cpu: "5" })]),
      "cpu max limit to request ratio per Container is 1500m, but provided ratio is 1.666667",
    ],
    [
      "a fair ratio",
      { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
      pod([container("a", { cpu: "1" }, { cpu: "2" })]),
      undefined,
    ],
    [
      "a ratio of nothing",
      { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
      pod([container("a")]),
      "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
    ],
    [
      "a ratio without limit",
      { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
      pod([container("a", { cpu: "1" })]),
      "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
    ],
    [
      "several things",
      { type: "Container", min: { cpu: "1" }, max: { cpu: "2" } },
      pod([container("a")], [container("i")]),
      "[minimum cpu usage per Container is 1.  No request is specified, maximum cpu usage per Container is 2.  No limit is specified]",
    ],
    [
      "the sum of a pod",
      { type: "Pod", max: { cpu: "2" } },
      pod([container("a", {}, { cpu: "1500m" }), container("b", {}, { cpu: "1" })]),
      "maximum cpu usage per Pod is 2, but limit is 2500m",
    ],
    [
      "a pod's largest init container",
      { type: "Pod", max: { cpu: "2" } },
      pod([container("a", {}, { cpu: "1" })], [container("i", {}, { cpu: "3" })]),
      "maximum cpu usage per Pod is 2, but limit is 3",
    ],
  ])("of a pod, judges %s", async (_, limits, object, problems) => {
    const { refused } = await admitted(rangerOf(limits), { resource: "pods", object });
    expect(refused).toBe(problems && `403 Forbidden pods "p" is forbidden: ${problems}`);
  });

  it.each([
    ["5Gi", undefined],
    ["20Gi", "maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi"],
    ["1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"],
    [
      undefined,
      "[minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified, maximum storage usage per PersistentVolumeClaim is 10Gi.  No request is specified]",
    ],
  ])("of a claim, judges %s", async (storage, problems) => {
    const plugin = rangerOf({
      type: "PersistentVolumeClaim",
      min: { storage: "1Gi" },
      max: { storage: "10Gi" },
    });
    const { refused } = await admitted(plugin, {
      resource: "persistentvolumeclaims",
      object: claim(storage),
    });
    expect(refused).toBe(problems && `403 Forbidden persistentvolumeclaims "c" is forbidden: ${problems}`);
  });

  it("looks at a pod that is there only when that is resized, and not when it goes", async () => {
    const plugin = rangerOf({ type: "Container", max: { cpu: "1" } });
    const object = pod([container("a", {}, { cpu: "2" })]);
    const update = { resource: "pods", object, oldObject: object };
    expect((await admitted(plugin, update)).refused).toBeUndefined();
    expect(
      (await admitted(plugin, { ...update, subresource: "ephemeralcontainers" })).refused,
    ).toBeUndefined();
    expect((await admitted(plugin, { ...update, subresource: "resize" })).refused).toContain("limit is 2");
    const going = { ...object, metadata: { name: "p", deletionTimestamp: "2024-01-01T00:00:00Z" } };
    const resizeOfGoing = { ...update, oldObject: going, subresource: "resize" };
    expect((await admitted(plugin, resizeOfGoing)).refused).toBeUndefined();
  });

  it("keeps to the limit ranges of the pod's own namespace", async () => {
    const plugin = rangerOf({ type: "Container", max: { cpu: "1" } });
    const object = pod([container("a")]);
    expect(
      (await admitted(plugin, { resource: "pods", object, namespace: "other" })).refused,
    ).toBeUndefined();
  });
});
