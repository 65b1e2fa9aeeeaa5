import { describe, expect, it } from "vitest";
import type { Pod, PodStatus } from "../api/index.ts";
import { podRequests } from "./resources.ts";

const cpu = (amount: string) => ({ requests: { cpu: amount } });
const told = (name: string, actual: string, allocated = actual) => ({
  name,
  image: "",
  imageID: "",
  ready: true,
  restartCount: 0,
  resources: cpu(actual),
  allocatedResources: { cpu: allocated },
});

function cpuOf(status: PodStatus): number {
  const spec = {
    containers: [{ name: "app", resources: cpu("100m") }],
    initContainers: [
      { name: "first", resources: cpu("50m") },
      { name: "side", restartPolicy: "Always", resources: cpu("10m") },
    ],
  };
  return podRequests({ metadata: {}, spec, status } as unknown as Pod).get("cpu")!;
}

describe("what a pod asks of a node while it is resized", () => {
  const infeasible = { conditions: [{ type: "PodResizePending", status: "True", reason: "Infeasible" }] };
  const deferred = { conditions: [{ type: "PodResizePending", status: "True", reason: "Deferred" }] };
  it.each<[string, PodStatus, number]>([
    ["as its spec says, where nothing is told", {}, 110],
    ["what it is to have, before it has it", { containerStatuses: [told("app", "20m")] }, 110],
    [
      "what it still has, where it is to have less",
      { containerStatuses: [told("app", "300m", "100m")] },
      310,
    ],
    ["what it was promised", { containerStatuses: [told("app", "100m", "400m")] }, 410],
    ["what it waits for", { ...deferred, containerStatuses: [told("app", "20m")] }, 110],
    ["what it has, where it never gets more", { ...infeasible, containerStatuses: [told("app", "20m")] }, 50],
    ["a sidecar's, too", { initContainerStatuses: [told("side", "200m")] }, 300],
    ["not another init container's", { initContainerStatuses: [told("first", "900m")] }, 110],
  ])("%s", (_what, status, expected) => {
    expect(cpuOf(status)).toBe(expected);
  });
});
