import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterRoles } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { createClusterRoleAggregationController } from "./index.ts";

const TO_VIEW = "rbac.authorization.k8s.io/aggregate-to-view";

describe("the ClusterRole aggregation controller", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "clusterrole-aggregation-controller": createClusterRoleAggregationController });
  });
  afterAll(() => plane.stop());

  const resources = async (name: string): Promise<string[]> =>
    ((await plane.client.get(clusterRoles, undefined, name)).rules ?? []).flatMap(
      (rule: { resources?: string[] }) => rule.resources ?? [],
    );
  const role = (name: string, resource: string, labels: Record<string, string>) => ({
    metadata: { name, labels },
    rules: [{ apiGroups: ["example.com"], resources: [resource], verbs: ["get"] }],
  });

  it("brings the rules of a new role through view and edit to admin, and takes them away again", async () => {
    await plane.client.create(clusterRoles, role("widgets", "widgets", { [TO_VIEW]: "true" }));
    for (const name of ["view", "edit", "admin"])
      await eventually(async () => expect(await resources(name)).toContain("widgets"));
    expect(await resources("view")).toContain("pods");
    await plane.client.delete(clusterRoles, undefined, "widgets");
    for (const name of ["view", "edit", "admin"])
      await eventually(async () => expect(await resources(name)).not.toContain("widgets"));
  });

  it("follows selectors and labels of people's own roles", async () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { team: "a" } }] };
    await plane.client.create(clusterRoles, { metadata: { name: "team" }, aggregationRule, rules: [] });
    await plane.client.create(clusterRoles, role("x", "x", { team: "a" }));
    await plane.client.create(clusterRoles, role("y", "y", { team: "a" }));
    await eventually(async () => expect(await resources("team")).toEqual(["x", "y"]));
    await plane.client.patch(clusterRoles, undefined, "x", "merge", { metadata: { labels: { team: "b" } } });
    await eventually(async () => expect(await resources("team")).toEqual(["y"]));
    const { resourceVersion } = (await plane.client.get(clusterRoles, undefined, "team")).metadata;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect((await plane.client.get(clusterRoles, undefined, "team")).metadata.resourceVersion).toBe(
      resourceVersion,
    );
  });
});
