import { describe, expect, it } from "vitest";
import type { ResourceRequirements } from "../../api/index.ts";
import { aContainer, aPod } from "../testing/pods.ts";
import {
  containerResources,
  oomScoreAdjOf,
  podCgroupParent,
  podRequests,
  podResources,
  qosClassOf,
  sharesOf,
} from "./resources.ts";

const NODE_MEMORY = 8 * 2 ** 30;

function pod(...resources: ResourceRequirements[]) {
  return aPod({ containers: resources.map((one, index) => aContainer(`c${index}`, { resources: one })) });
}

const BEST_EFFORT = pod({});
const BURSTABLE = pod({ requests: { cpu: "100m", memory: "1Gi" } });
const GUARANTEED = pod({
  limits: { cpu: "500m", memory: "128Mi" },
  requests: { cpu: "0.5", memory: "128Mi" },
});

describe("resources", () => {
  it("sorts pods into classes", () => {
    expect(qosClassOf(BEST_EFFORT)).toBe("BestEffort");
    expect(qosClassOf(BURSTABLE)).toBe("Burstable");
    expect(qosClassOf(GUARANTEED)).toBe("Guaranteed");
    expect(qosClassOf(pod({ limits: { cpu: "1", memory: "1Gi" } }))).toBe("Guaranteed");
    expect(qosClassOf(pod({ limits: { cpu: "1", memory: "1Gi" } }, {}))).toBe("Burstable");
    expect(podCgroupParent(BURSTABLE)).toBe("/kubepods/burstable/poduid-1");
    expect(podCgroupParent(GUARANTEED)).toBe("/kubepods/poduid-1");
  });

  it("turns requests into shares and limits into quotas", () => {
    expect(sharesOf(0)).toBe(2);
    expect(sharesOf(1000)).toBe(1024);
    expect(containerResources(GUARANTEED, GUARANTEED.spec.containers[0]!, NODE_MEMORY)).toEqual({
      cpuShares: 512,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 100_000,
      memoryLimitBytes: 128 * 2 ** 20,
      oomScoreAdj: -997,
    });
    expect(containerResources(BEST_EFFORT, BEST_EFFORT.spec.containers[0]!, NODE_MEMORY)).toEqual({
      cpuShares: 2,
      oomScoreAdj: 1000,
    });
  });

  it("limits the pod's cgroup where all containers are limited", () => {
    expect(podResources(BEST_EFFORT)).toEqual({ cpuShares: 2 });
    expect(podResources(BURSTABLE)).toEqual({ cpuShares: 102 });
    expect(podResources(pod({ limits: { cpu: "1" } }, { limits: { cpu: "500m", memory: "1Mi" } }))).toEqual({
      cpuShares: 1536,
      cpuQuotaUs: 150_000,
      cpuPeriodUs: 100_000,
    });
  });

  it("says who is killed first when memory runs out", () => {
    const container = BURSTABLE.spec.containers[0]!;
    expect(oomScoreAdjOf(BURSTABLE, container, NODE_MEMORY)).toBe(875);
    expect(
      oomScoreAdjOf(
        BURSTABLE,
        aContainer("small", { resources: { requests: { memory: "1" } } }),
        NODE_MEMORY,
      ),
    ).toBe(999);
    expect(
      oomScoreAdjOf(aPod({ ...BEST_EFFORT.spec, priority: 2_000_001_000 }), container, NODE_MEMORY),
    ).toBe(-997);
  });

  it("counts init containers one at a time and sidecars all along", () => {
    const asks = (cpu: string) => ({ resources: { requests: { cpu } } });
    const requests = podRequests(
      aPod({
        initContainers: [
          aContainer("early", asks("3")),
          aContainer("proxy", { ...asks("200m"), restartPolicy: "Always" }),
          aContainer("late", asks("1")),
        ],
        containers: [aContainer("a", asks("500m")), aContainer("b", asks("500m"))],
        overhead: { cpu: "10m" },
      }),
    );
    expect(requests.cpuMilli).toBe(3010);
  });
});
