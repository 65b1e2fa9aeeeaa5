import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps, kindByGvk, leases, nodes, pods, serviceAccounts, services } from "../../api/index.ts";
import type { OwnerReference } from "../../api/types.ts";
import type { KubeClient, ResourceRef } from "../../client/types.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const selfReviews = kindByGvk("authorization.k8s.io", "v1", "SelfSubjectAccessReview")!;
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

  it("changes neither its own owners nor lends a mirror pod others (CVE-2025-5187)", async () => {
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "dead" };
    const ownerReferences = [owner];
    for (const subresource of [undefined, "status"]) {
      const options = subresource ? { subresource } : {};
      const patch = one.patch(nodes, undefined, "one", "merge", { metadata: { ownerReferences } }, options);
      expect(await refusal(patch)).toBe(
        'nodes "one" is forbidden: node "one" is not allowed to modify ownerReferences',
      );
    }
    const { uid } = (await server.client.get(nodes, undefined, "one")).metadata;
    const mirror = (name: string, owners: OwnerReference[], spec = {}) =>
      refusal(
        one.create(pods, {
          metadata: {
            name,
            namespace: "default",
            annotations: { "kubernetes.io/config.mirror": "x" },
            ownerReferences: owners,
          },
          spec: { nodeName: "one", containers: [container], ...spec },
        }),
      );
    const itself = { apiVersion: "v1", kind: "Node", name: "one", uid, controller: true };
    const denied = (why: string) => expect.stringMatching(new RegExp(`^pods "m" is forbidden: ${why}`));
    expect(await mirror("m", [])).toEqual(denied('node "one" can only create pods with an owner reference'));
    expect(await mirror("m", [{ ...itself, uid: "other" }])).toEqual(
      denied(`node one UID mismatch: expected other got ${uid}$`),
    );
    expect(await mirror("m", [{ ...itself, blockOwnerDeletion: true }])).toEqual(
      denied('node "one" must not set blockOwnerDeletion on an owner reference$'),
    );
    const secret = { volumes: [{ name: "v", secret: { secretName: "s" } }] };
    expect(await mirror("m", [itself], secret)).toMatch(/reference secrets$/);
    const configMap = { volumes: [{ name: "v", configMap: { name: "c" } }] };
    expect(await mirror("m", [itself], configMap)).toEqual(
      denied('node "one" can not create pods that reference configmaps$'),
    );
    expect(await mirror("m", [itself])).toBe("allowed");
  });

  it("evicts the pods on its node only", async () => {
    const evict = (name: string) =>
      refusal(
        one.createSubresource(pods, "default", name, "eviction", {
          kind: "Eviction",
          apiVersion: "policy/v1",
          metadata: { name, namespace: "default" },
        }),
      );
    expect(await evict("on-two")).toBe(
      'pods "on-two" is forbidden: node one can only evict pods with spec.nodeName set to itself',
    );
    await server.client.create(pods, {
      metadata: { name: "evicted", namespace: "default" },
      spec: { nodeName: "one", containers: [container] },
    });
    expect(await evict("evicted")).toBe("allowed");
  });

  it("gets tokens for the audiences that its pods have mounted only", async () => {
    const token = { serviceAccountToken: { path: "t", audience: "vault" } };
    await server.client.create(pods, {
      metadata: { name: "audience", namespace: "default" },
      spec: {
        nodeName: "one",
        containers: [container],
        volumes: [{ name: "v", projected: { sources: [token] } }],
      },
    });
    const { uid } = (await server.client.get(pods, "default", "audience")).metadata;
    const request = (audiences: string[]) =>
      refusal(
        one.createSubresource(serviceAccounts, "default", "default", "token", {
          kind: "TokenRequest",
          apiVersion: "authentication.k8s.io/v1",
          spec: { audiences, boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "audience", uid } },
        }),
      );
    expect(await request(["vault"])).toBe("allowed");
    expect(await request([])).toBe("allowed");
    expect(await request(["vault", "other"])).toMatch(/: node may only request 0 or 1 audiences$/);
    expect(await request(["other"])).toMatch(
      /: audience "other" not found in pod spec volume, system:node:one is not authorized to request tokens for this audience$/,
    );
  });

  it("sees its own Node, pods and lease, and what its pods refer to", async () => {
    const uses = (name: string) => ({ volumes: [{ name: "v", configMap: { name } }] });
    for (const node of ["one", "two"]) {
      await server.client.create(configMaps, { metadata: { name: `of-${node}`, namespace: "default" } });
      await server.client.create(pods, {
        metadata: { name: `uses-${node}`, namespace: "default" },
        spec: { nodeName: node, containers: [container], ...uses(`of-${node}`) },
      });
    }
    const list = (resource: ResourceRef, options: object) => refusal(one.list(resource, options));
    const get = (resource: ResourceRef, namespace: string | undefined, name: string) =>
      refusal(one.get(resource, namespace, name));
    expect(await get(nodes, undefined, "one")).toBe("allowed");
    expect(await get(nodes, undefined, "two")).toMatch(
      /: node 'one' cannot read 'two', only its own Node object$/,
    );
    expect(await list(nodes, {})).toMatch(/: node 'one' cannot read all nodes, only its own Node object$/);
    expect(await list(nodes, { fieldSelector: "metadata.name=one" })).toBe("allowed");
    expect(await list(pods, {})).toMatch(/: can only list\/watch pods with spec.nodeName field selector$/);
    expect(await list(pods, { fieldSelector: "spec.nodeName=one" })).toBe("allowed");
    expect(await list(pods, { fieldSelector: "spec.nodeName!=one" })).toMatch(/field selector$/);
    expect(await list(pods, { fieldSelector: "spec.nodeName=two" })).toMatch(/field selector$/);
    expect(await get(pods, "default", "uses-one")).toBe("allowed");
    expect(await get(pods, "default", "uses-two")).toMatch(
      /: no relationship found between node 'one' and this object$/,
    );
    expect(await get(configMaps, "default", "of-one")).toBe("allowed");
    expect(await get(configMaps, "default", "of-two")).toMatch(/no relationship found/);
    expect(await list(configMaps, { namespace: "default" })).toMatch(/: No Object name found$/);
    expect(await get(leases, "kube-node-lease", "two")).toMatch(
      /: can only access node lease with the same name as the requesting node$/,
    );
  });

  it("sees nothing where its identity names no node", async () => {
    for (const [name, groups, why] of [
      ["system:node:", ["system:nodes"], /: unknown node for user "system:node:"$/],
      ["system:node:one", [], /at the cluster scope$/],
      ["one", ["system:nodes"], /at the cluster scope$/],
    ] as const) {
      const nobody = server.as({ name, groups: [...groups] });
      expect(await refusal(nobody.list(pods, { fieldSelector: "spec.nodeName=one" }))).toMatch(why);
      expect(await refusal(nobody.list(services))).toMatch(why);
    }
  });

  it("is asked about with field selectors", async () => {
    const ask = async (fieldSelector: object) => {
      const review = await one.create(selfReviews, {
        metadata: {},
        spec: { resourceAttributes: { verb: "list", resource: "pods", version: "v1", fieldSelector } },
      });
      return review.status.allowed;
    };
    const requirement = (operator: string, ...values: string[]) => ({
      requirements: [{ key: "spec.nodeName", operator, values }],
    });
    expect(await ask(requirement("In", "one"))).toBe(true);
    expect(await ask(requirement("In", "one", "two"))).toBe(false);
    expect(await ask(requirement("NotIn", "one"))).toBe(false);
    expect(await ask({ rawSelector: "spec.nodeName=one" })).toBe(true);
  });
});
