import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leases, nodes, pods, serviceAccounts } from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const container = { name: "c", image: "i" };
const kubelet = (name: string) => ({ name: `system:node:${name}`, groups: ["system:nodes"] });

describe("a kubelet", () => {
  let server: TestServer;
  let one: KubeClient;
  beforeAll(async () => {
    server = await startTestServer();
    one = server.as(kubelet("one"));
    await one.create(nodes, {
      metadata: { name: "one", labels: { "kubernetes.io/hostname": "one", own: "1" } },
    });
    await server.client.create(nodes, { metadata: { name: "two" } });
    for (const nodeName of ["one", "two"])
      await server.client.create(pods, {
        metadata: { name: `on-${nodeName}`, namespace: "default" },
        spec: { nodeName, containers: [container] },
      });
  });
  afterAll(() => server.stop());

  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => "allowed",
      (error: Error) => error.message,
    );

  it("writes its own node, but neither taints nor labels that steer workloads", async () => {
    const patch = (name: string, body: object, subresource?: string) =>
      refusal(one.patch(nodes, undefined, name, "merge", body, subresource ? { subresource } : {}));
    expect(await patch("one", { metadata: { labels: { own: "2", "node.kubernetes.io/x": "y" } } })).toBe(
      "allowed",
    );
    expect(await patch("one", { status: { phase: "Running" } }, "status")).toBe("allowed");
    expect(await patch("two", { status: { phase: "Running" } }, "status")).toBe(
      'nodes "two" is forbidden: node "one" is not allowed to modify node "two"',
    );
    expect(
      await patch("one", { metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } } }),
    ).toBe(
      'nodes "one" is forbidden: is not allowed to modify labels: node-role.kubernetes.io/control-plane',
    );
    expect(await patch("one", { metadata: { labels: { "node-restriction.kubernetes.io/x": "" } } })).toMatch(
      /is not allowed to modify labels/,
    );
    expect(await patch("one", { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } })).toBe(
      'nodes "one" is forbidden: node "one" is not allowed to modify taints',
    );
    expect(await refusal(one.create(nodes, { metadata: { name: "three" } }))).toMatch(
      /node "one" is not allowed to modify node "three"/,
    );
  });

  it("tells of and ends the pods on its node only", async () => {
    const status = (name: string) =>
      refusal(
        one.patch(
          pods,
          "default",
          name,
          "merge",
          { status: { phase: "Running" } },
          { subresource: "status" },
        ),
      );
    expect(await status("on-one")).toBe("allowed");
    expect(await status("on-two")).toMatch(
      /can only update pod status for pods with spec\.nodeName set to itself/,
    );
    expect(await refusal(one.delete(pods, "default", "on-two"))).toMatch(
      /can only delete pods with spec\.nodeName set to itself/,
    );
    expect(await refusal(one.delete(pods, "default", "on-one"))).toBe("allowed");
    const made = one.create(pods, {
      metadata: { name: "made", namespace: "default" },
      spec: { nodeName: "one", containers: [container] },
    });
    expect(await refusal(made)).toMatch(/node "one" can only create mirror pods/);
  });

  it("gets tokens for its pods only, and renews its own lease only", async () => {
    const token = async (podName: string, uid?: string) => {
      const pod = await server.client.get(pods, "default", podName);
      const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: podName, uid: uid ?? pod.metadata.uid };
      const body = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec: { boundObjectRef } };
      return refusal(one.createSubresource(serviceAccounts, "default", "default", "token", body));
    };
    await server.client.create(pods, {
      metadata: { name: "again", namespace: "default" },
      spec: { nodeName: "one", containers: [container] },
    });
    expect(await token("again")).toBe("allowed");
    expect(await token("on-two")).toMatch(/bound to a pod scheduled on a different node/);
    expect(await token("again", "other")).toMatch(/does not match the UID in record/);
    const unbound = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec: {} };
    expect(
      await refusal(one.createSubresource(serviceAccounts, "default", "default", "token", unbound)),
    ).toMatch(/node requested token not bound to a pod/);
    const lease = (namespace: string, name: string) =>
      refusal(one.create(leases, { metadata: { namespace, name }, spec: { holderIdentity: "one" } }));
    expect(await lease("kube-node-lease", "one")).toBe("allowed");
    expect(await lease("kube-node-lease", "two")).toMatch(/same name as the requesting node/);
    expect(await lease("kube-system", "one")).toMatch(/"kube-node-lease" system namespace/);
  });
});
