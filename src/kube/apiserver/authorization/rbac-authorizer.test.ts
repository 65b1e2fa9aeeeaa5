import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/index.ts";
import { RbacAuthorizer, type RbacSource } from "./rbac-authorizer.ts";

const user = { name: "u", groups: [] };
const request = (resource: string) => ({
  isResource: true as const,
  path: "",
  verb: "get",
  group: "",
  version: "v1",
  resource,
  namespace: "ns",
});

/** One role of many rules, bound to the user many times. */
function sourceOf(ruleCount: number, bindingCount: number) {
  let looks = 0;
  const rules = Array.from({ length: ruleCount }, (_, n) => ({
    get verbs() {
      looks++;
      return ["get"];
    },
    apiGroups: [""],
    resources: [`r${n}`],
  }));
  const role = { kind: "Role", metadata: { name: "r", uid: "1" }, rules } as unknown as KubeObject;
  const bindings = Array.from({ length: bindingCount }, (_, n) => ({
    kind: "RoleBinding",
    metadata: { name: `b${n}` },
    subjects: [{ kind: "User", name: "u" }],
    roleRef: { kind: "Role", name: "r" },
  })) as unknown as KubeObject[];
  const source: RbacSource = {
    version: () => 1,
    clusterRoleBindings: () => [],
    roleBindings: () => bindings,
    clusterRole: () => undefined,
    role: () => role,
    clusterRoles: () => [],
  };
  return { rbac: new RbacAuthorizer(source), looks: () => looks };
}

describe("a user of many rules", () => {
  it("has those of a role looked at once, however often it is bound", async () => {
    const { rbac, looks } = sourceOf(1000, 500);
    expect(await rbac.authorize(user, request("none"))).toEqual({ decision: "noOpinion" });
    expect(looks()).toBeLessThanOrEqual(2 * 1000);
    expect(rbac.rulesFor(user, "ns")).toHaveLength(1000);
    expect(await rbac.authorize(user, request("r7"))).toMatchObject({
      decision: "allow",
      reason: expect.stringContaining('"b0/ns" of Role "r"'),
    });
  });

  it("has few answered at once, and many in turns", async () => {
    expect(sourceOf(10, 1).rbac.authorize(user, request("r9"))).toMatchObject({ decision: "allow" });
    const many = sourceOf(50_000, 1).rbac.authorize(user, request("r49999"));
    expect(many).toBeInstanceOf(Promise);
    expect(await many).toMatchObject({ decision: "allow" });
  });
});
