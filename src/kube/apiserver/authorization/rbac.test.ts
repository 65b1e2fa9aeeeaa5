import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  clusterRoles,
  configMaps,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  roleBindings,
  roles,
  secrets,
  selfSubjectAccessReviews,
  serviceAccounts,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { ruleAllows } from "./policy-rule.ts";
import { uncoveredRules } from "./rule-coverage.ts";

const RBAC = "rbac.authorization.k8s.io";

describe("rules", () => {
  const request = (verb: string, resource: string, more: object = {}) => ({
    isResource: true as const,
    path: "",
    verb,
    group: "",
    version: "v1",
    resource,
    ...more,
  });

  it.each([
    [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }, request("get", "pods"), true],
    [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }, request("list", "pods"), false],
    [{ verbs: ["get"], apiGroups: ["apps"], resources: ["pods"] }, request("get", "pods"), false],
    [
      { verbs: ["get"], apiGroups: [""], resources: ["pods"] },
      request("get", "pods", { subresource: "log" }),
      false,
    ],
    [
      { verbs: ["get"], apiGroups: [""], resources: ["*/log"] },
      request("get", "pods", { subresource: "log" }),
      true,
    ],
    [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      request("get", "pods", { subresource: "log" }),
      true,
    ],
    [
      { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["a"] },
      request("get", "pods", { name: "a" }),
      true,
    ],
    [
      { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["a"] },
      request("get", "pods", { name: "b" }),
      false,
    ],
    [
      { verbs: ["list"], apiGroups: [""], resources: ["pods"], resourceNames: ["a"] },
      request("list", "pods"),
      false,
    ],
    [
      { verbs: ["get"], nonResourceURLs: ["/api/*"] },
      { isResource: false as const, verb: "get", path: "/api/v1" },
      true,
    ],
    [
      { verbs: ["get"], nonResourceURLs: ["/api"] },
      { isResource: false as const, verb: "get", path: "/api/v1" },
      false,
    ],
    [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { isResource: false as const, verb: "get", path: "/metrics" },
      false,
    ],
  ])("%j lets %j: %s", (rule, info, expected) => {
    expect(ruleAllows(rule, info)).toBe(expected);
  });

  it("are covered by several together", () => {
    const wanted = [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "pods/log"] }];
    const held = [
      { verbs: ["get"], apiGroups: ["*"], resources: ["pods", "*/log"] },
      { verbs: ["list"], apiGroups: [""], resources: ["pods"] },
    ];
    expect(uncoveredRules(held, wanted)).toEqual([
      { verbs: ["list"], apiGroups: [""], resources: ["pods/log"] },
    ]);
    expect(uncoveredRules([{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }], wanted)).toEqual([]);
  });
});

describe("who may what", () => {
  let server: TestServer;
  let manager: KubeClient;
  beforeAll(async () => {
    server = await startTestServer();
    await server.client.create(roleBindings, {
      metadata: { name: "manager", namespace: "default" },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "admin" },
      subjects: [{ apiGroup: RBAC, kind: "User", name: "manager" }],
    });
    manager = server.as({ name: "manager", groups: [] });
  });
  afterAll(() => server.stop());

  it("gives the administrator of a namespace what upstream gives, there only", async () => {
    await manager.create(configMaps, { metadata: { name: "a", namespace: "default" } });
    await manager.list(secrets, { namespace: "default" });
    await expect(manager.list(secrets, { namespace: "kube-system" })).rejects.toMatchObject({
      kind: "PermissionDenied",
    });
    await expect(manager.list(nodes)).rejects.toMatchObject({ kind: "PermissionDenied" });
  });

  it("lets nobody give away what he has not", async () => {
    const rule = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
    await manager.create(roles, { metadata: { name: "fine", namespace: "default" }, rules: [rule] });
    await expect(
      manager.create(roles, {
        metadata: { name: "more", namespace: "default" },
        rules: [{ ...rule, resources: ["nodes"] }],
      }),
    ).rejects.toMatchObject({
      kind: "PermissionDenied",
      message: expect.stringContaining(
        'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
      ),
    });
    await expect(
      manager.create(roleBindings, {
        metadata: { name: "up", namespace: "default" },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ apiGroup: RBAC, kind: "User", name: "manager" }],
      }),
    ).rejects.toMatchObject({ kind: "PermissionDenied" });
    await expect(manager.create(clusterRoles, { metadata: { name: "x" }, rules: [] })).rejects.toMatchObject({
      kind: "PermissionDenied",
    });
  });

  it("adds the rules of roles that say they belong to another", async () => {
    const may = async () => {
      const spec = {
        resourceAttributes: { namespace: "default", verb: "get", group: "example.com", resource: "widgets" },
      };
      return (await manager.create(selfSubjectAccessReviews, { metadata: {}, spec })).status.allowed;
    };
    expect(await may()).toBe(false);
    await server.client.create(clusterRoles, {
      metadata: { name: "widgets", labels: { [`${RBAC}/aggregate-to-admin`]: "true" } },
      rules: [{ verbs: ["get"], apiGroups: ["example.com"], resources: ["widgets"] }],
    });
    expect(await may()).toBe(true);
  });

  it("shows a node the volumes of its own pods' claims only", async () => {
    const [own, elsewhere] = ["n3", "n4"].map((name) =>
      server.as({ name: `system:node:${name}`, groups: ["system:nodes"] }),
    );
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await server.client.create(persistentVolumeClaims, {
      metadata: { name: "c", namespace: "default" },
      spec,
    });
    for (const [name, claimRef] of [
      ["bound", { namespace: "default", name: "c" }],
      ["free", undefined],
    ] as const) {
      await server.client.create(persistentVolumes, {
        metadata: { name },
        spec: {
          accessModes: ["ReadWriteOnce"],
          capacity: { storage: "1Gi" },
          hostPath: { path: "/tmp/v" },
          ...(claimRef && { claimRef }),
        },
      });
    }
    await server.client.create(pods, {
      metadata: { name: "claiming", namespace: "default" },
      spec: {
        nodeName: "n3",
        containers: [{ name: "c", image: "i" }],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }],
      },
    });
    expect((await own!.get(persistentVolumeClaims, "default", "c")).metadata.name).toBe("c");
    expect((await own!.get(persistentVolumes, undefined, "bound")).metadata.name).toBe("bound");
    for (const [node, name] of [
      [own, "free"],
      [own, "none"],
      [elsewhere, "bound"],
    ] as const)
      await expect(node!.get(persistentVolumes, undefined, name)).rejects.toThrow("no relationship found");
    await expect(own!.list(persistentVolumes)).rejects.toThrow("can only get individual resources");
  });

  it("shows a node the secrets of its own pods only", async () => {
    const node = server.as({ name: "system:node:n1", groups: ["system:nodes"] });
    await server.client.create(secrets, { metadata: { name: "mine", namespace: "default" } });
    await server.client.create(secrets, { metadata: { name: "other", namespace: "default" } });
    const pod = await server.client.create(pods, {
      metadata: { name: "p", namespace: "default" },
      spec: {
        nodeName: "n1",
        containers: [{ name: "c", image: "i" }],
        volumes: [{ name: "s", secret: { secretName: "mine" } }],
      },
    });
    expect((await node.get(secrets, "default", "mine")).metadata.name).toBe("mine");
    await expect(node.get(secrets, "default", "other")).rejects.toMatchObject({
      message: expect.stringContaining("no relationship found between node 'n1' and this object"),
    });
    await expect(node.list(secrets, { namespace: "default" })).rejects.toMatchObject({
      kind: "PermissionDenied",
    });
    expect(
      (await node.list(secrets, { namespace: "default", fieldSelector: "metadata.name=mine" })).items,
    ).toHaveLength(1);
    const elsewhere = server.as({ name: "system:node:n2", groups: ["system:nodes"] });
    await expect(elsewhere.get(secrets, "default", "mine")).rejects.toMatchObject({
      kind: "PermissionDenied",
    });
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid };
    const wanted = { spec: { boundObjectRef } };
    await node.createSubresource(serviceAccounts, "default", "default", "token", wanted);
    await expect(
      elsewhere.createSubresource(serviceAccounts, "default", "default", "token", wanted),
    ).rejects.toMatchObject({
      kind: "PermissionDenied",
    });
  });
});
