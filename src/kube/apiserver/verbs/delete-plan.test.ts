import { describe, expect, it } from "vitest";
import { configMaps, deployments, type KubeObject, namespaces, pods } from "../../api/index.ts";
import { isReadyToRemove, planDelete } from "./delete-plan.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function pod(more: { nodeName?: string; metadata?: Partial<KubeObject["metadata"]> } = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      namespace: "d",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: null,
      generation: 1,
      ...more.metadata,
    },
    spec: { nodeName: more.nodeName ?? "n1", terminationGracePeriodSeconds: 30, containers: [] },
    status: { phase: "Running" },
  };
}

const marked = (seconds: number) => ({
  deletionTimestamp: new Date(NOW + seconds * 1000).toISOString().replace(".000", ""),
  deletionGracePeriodSeconds: seconds,
});

describe("what a delete does", () => {
  it("marks a running pod with its grace period", () => {
    const plan = planDelete(pods, pod(), {}, NOW);
    expect(plan).toMatchObject({ action: "update", next: { metadata: { ...marked(30), generation: 2 } } });
  });

  it("removes at once with grace 0, and a pod that has no node", () => {
    expect(planDelete(pods, pod(), { gracePeriodSeconds: 0 }, NOW).action).toBe("remove");
    expect(planDelete(pods, pod({ nodeName: "" }), {}, NOW).action).toBe("remove");
  });

  it("takes a negative grace for one second", () => {
    expect(planDelete(pods, pod(), { gracePeriodSeconds: -5 }, NOW)).toMatchObject({
      next: { metadata: marked(1) },
    });
  });

  it("shortens a deletion under way and never prolongs it", () => {
    const ending = pod({ metadata: marked(30) });
    expect(planDelete(pods, ending, {}, NOW + 5000).action).toBe("pending");
    expect(planDelete(pods, ending, { gracePeriodSeconds: 60 }, NOW + 5000).action).toBe("pending");
    expect(planDelete(pods, ending, { gracePeriodSeconds: 10 }, NOW + 5000)).toMatchObject({
      action: "update",
      next: { metadata: marked(10) },
    });
    expect(planDelete(pods, ending, { gracePeriodSeconds: 0 }, NOW + 5000).action).toBe("remove");
  });

  it("keeps what finalizers hold", () => {
    const held = pod({ metadata: { finalizers: ["example.com/x"] } });
    expect(planDelete(pods, held, { gracePeriodSeconds: 0 }, NOW)).toMatchObject({
      action: "update",
      next: { metadata: { ...marked(0), finalizers: ["example.com/x"] } },
    });
    const config = { ...held, kind: "ConfigMap" };
    expect(planDelete(configMaps, config, {}, NOW)).toMatchObject({
      action: "update",
      next: { metadata: marked(0) },
    });
  });

  it("turns propagation into finalizers", () => {
    const object = { ...pod(), kind: "Deployment", apiVersion: "apps/v1" };
    const finalizers = (policy: "Orphan" | "Foreground" | "Background") => {
      const plan = planDelete(deployments, object, { propagationPolicy: policy }, NOW);
      return plan.action === "update" ? plan.next.metadata.finalizers : plan.action;
    };
    expect([finalizers("Orphan"), finalizers("Foreground"), finalizers("Background")]).toEqual([
      ["orphan"],
      ["foregroundDeletion"],
      "remove",
    ]);
  });

  it("is over when the last finalizer goes, of a namespace also the last one in its spec", () => {
    const ending = pod({ metadata: marked(0) });
    const held = { ...ending, spec: { ...ending.spec, finalizers: ["kubernetes"] } };
    expect(isReadyToRemove(pods, held)).toBe(true);
    expect(isReadyToRemove(namespaces, held)).toBe(false);
    expect(isReadyToRemove(namespaces, ending)).toBe(true);
    expect(isReadyToRemove(pods, pod({ metadata: { ...marked(0), finalizers: ["a/b"] } }))).toBe(false);
    expect(isReadyToRemove(pods, pod({ metadata: marked(5) }))).toBe(false);
    expect(isReadyToRemove(pods, pod())).toBe(false);
  });
});
