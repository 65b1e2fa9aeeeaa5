import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deployment, ReplicaSet } from "../../api/index.ts";
import { boundsOf, newReplicaSetSize, resolveIntOrPercent, shrinkOldReplicaSets } from "./rollout.ts";
import { proportionalSizes } from "./scaling.ts";

function deployment(
  replicas: number,
  rollingUpdate: object = { maxSurge: "25%", maxUnavailable: "25%" },
): Deployment {
  return {
    kind: "Deployment",
    spec: { replicas, strategy: { type: "RollingUpdate", rollingUpdate } },
  } as unknown as Deployment;
}

let created = 0;
function replicaSet(
  name: string,
  replicas: number,
  available: number,
  annotations: Record<string, string> = {},
): ReplicaSet {
  const creationTimestamp = new Date(1_700_000_000_000 + created++ * 1000).toISOString();
  return {
    metadata: { name, creationTimestamp, annotations },
    spec: { replicas },
    status: { replicas, availableReplicas: available },
  } as unknown as ReplicaSet;
}

describe("bounds of a rolling update", () => {
  it("rounds surge up and unavailability down", () => {
    expect(resolveIntOrPercent("25%", 10, true)).toBe(3);
    expect(resolveIntOrPercent("25%", 10, false)).toBe(2);
    expect(resolveIntOrPercent(4, 10, true)).toBe(4);
    expect(boundsOf(deployment(3))).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });

  it("lets one be unavailable when both would be zero", () => {
    expect(boundsOf(deployment(3, { maxSurge: 0, maxUnavailable: 0 }))).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
  });
});

describe("a rollout", () => {
  it("grows the new ReplicaSet only as far as the surge allows", () => {
    const next = replicaSet("new", 0, 0);
    const old = replicaSet("old", 3, 3);
    expect(newReplicaSetSize(deployment(3), next, [next, old])).toBe(1);
  });

  it("does not shrink the old one before a new pod is available", () => {
    const next = replicaSet("new", 1, 0);
    const old = replicaSet("old", 3, 3);
    expect(shrinkOldReplicaSets(deployment(3), next, [old])).toEqual([]);
    const available = replicaSet("new", 1, 1);
    expect(shrinkOldReplicaSets(deployment(3), available, [old])).toEqual([{ replicaSet: old, replicas: 2 }]);
  });

  it("does not count on pods that a ReplicaSet has been told to give up", () => {
    const bounds = { maxSurge: 1, maxUnavailable: 1 };
    const next = replicaSet("new", 3, 2);
    // Told to shrink from 4 to 2, its status still speaks of 4.
    const old = { ...replicaSet("old", 2, 4) };
    expect(shrinkOldReplicaSets(deployment(4, bounds), next, [old])).toEqual([
      { replicaSet: old, replicas: 1 },
    ]);
  });

  it("gives up unhealthy old pods first", () => {
    const next = replicaSet("new", 1, 0);
    const broken = replicaSet("broken", 2, 0);
    const old = replicaSet("old", 3, 3);
    const decisions = shrinkOldReplicaSets(deployment(3), next, [broken, old]);
    expect(decisions).toEqual([{ replicaSet: broken, replicas: 0 }]);
  });

  it("always ends with all replicas new, never under the minimum and never over the maximum", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        (replicas, maxSurge, maxUnavailable) => {
          const wanted = deployment(replicas, { maxSurge, maxUnavailable });
          const bounds = boundsOf(wanted);
          let next = replicaSet("new", 0, 0);
          let old = replicaSet("old", replicas, replicas);
          for (let step = 0; step < 200 && next.status!.availableReplicas! < replicas; step++) {
            const size = newReplicaSetSize(wanted, next, [next, old]);
            next = { ...next, spec: { ...next.spec, replicas: size } };
            for (const decision of shrinkOldReplicaSets(wanted, next, [old])) {
              old = {
                ...old,
                spec: { ...old.spec, replicas: decision.replicas },
                status: { replicas: decision.replicas, availableReplicas: decision.replicas },
              };
            }
            expect(next.spec.replicas! + old.spec.replicas!).toBeLessThanOrEqual(replicas + bounds.maxSurge);
            expect(next.status!.availableReplicas! + old.status!.availableReplicas!).toBeGreaterThanOrEqual(
              replicas - bounds.maxUnavailable,
            );
            const started = Math.min(size, next.status!.availableReplicas! + 1);
            next = { ...next, status: { replicas: size, availableReplicas: started } };
          }
          expect(next.status!.availableReplicas).toBe(replicas);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("spreads a new size over active ReplicaSets in proportion", () => {
    const notes = { "deployment.kubernetes.io/max-replicas": "10" };
    const a = replicaSet("a", 8, 8, notes);
    const b = replicaSet("b", 2, 2, notes);
    const sizes = proportionalSizes(deployment(20, { maxSurge: 0, maxUnavailable: 1 }), [a, b]);
    expect(Object.fromEntries(sizes.map((one) => [one.replicaSet.metadata.name, one.replicas]))).toEqual({
      a: 16,
      b: 4,
    });
  });
});
