import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployments, endpointSlices, endpoints, nodes, pods, replicaSets, services } from "../api/index.ts";
import { createDeploymentController } from "./deployment/index.ts";
import { createEndpointsController } from "./endpoints/index.ts";
import { createEndpointSliceController } from "./endpointslice/index.ts";
import { createLoadBalancerController } from "./load-balancer/index.ts";
import { createReplicaSetController } from "./replicaset/index.ts";
import { ControlPlane } from "./testing/control-plane.ts";
import { eventually } from "./testing/eventually.ts";
import { deployment, node, pod, service } from "./testing/objects.ts";

describe("what somebody else writes into what a controller answers for is put right", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    namespace = await plane.namespace();
    await plane.run({
      "deployment-controller": createDeploymentController,
      "replicaset-controller": createReplicaSetController,
      "endpointslice-controller": createEndpointSliceController,
      "endpoint-controller": createEndpointsController,
      "service-controller": (dependencies) =>
        createLoadBalancerController({ ...dependencies, poolCidr: "10.97.0.0/24" }),
    });
  });
  afterAll(() => plane.stop());

  it("status of a Deployment and of its ReplicaSet", async () => {
    const { client } = plane;
    await client.create(deployments, deployment("web", namespace, 2));
    const statusOf = async () => {
      const [set] = (await client.list(replicaSets, { namespace })).items;
      const whole = await client.get(deployments, namespace, "web");
      return { set: set?.status?.replicas, deployment: whole.status?.replicas, name: set?.metadata.name };
    };
    await eventually(async () => expect(await statusOf()).toMatchObject({ set: 2, deployment: 2 }));
    const { name } = await statusOf();
    const wrong = { status: { replicas: 7, readyReplicas: 7, availableReplicas: 7 } };
    await client.patch(replicaSets, namespace, name!, "merge", wrong, { subresource: "status" });
    await eventually(async () => expect(await statusOf()).toMatchObject({ set: 2, deployment: 2 }));
    await client.patch(deployments, namespace, "web", "merge", wrong, { subresource: "status" });
    await eventually(async () => expect(await statusOf()).toMatchObject({ set: 2, deployment: 2 }));
    const { status } = await client.get(deployments, namespace, "web");
    expect(status?.readyReplicas).toBeUndefined();
  });

  it("slices and Endpoints of a Service, and its load balancer's address", async () => {
    const { client } = plane;
    await client.create(services, service("lb", namespace, { type: "LoadBalancer" }));
    await client.create(nodes, node("n"));
    await client.create(pods, pod("lb", namespace, { app: "lb" }, { nodeName: "n" }));
    const status = {
      phase: "Running",
      podIP: "10.1.0.1",
      podIPs: [{ ip: "10.1.0.1" }],
      conditions: [{ type: "Ready", status: "True" }],
    };
    await client.patch(pods, namespace, "lb", "merge", { status }, { subresource: "status" });
    const sliceOf = async () =>
      (await client.list(endpointSlices, { namespace, labelSelector: "kubernetes.io/service-name=lb" }))
        .items[0];
    const addresses = async () => ({
      slice: (await sliceOf())?.endpoints?.map((one) => [one.addresses[0], one.conditions?.ready]),
      endpoints: (await client.get(endpoints, namespace, "lb")).subsets?.[0]?.addresses?.map(({ ip }) => ip),
      loadBalancer: (await client.get(services, namespace, "lb")).status?.loadBalancer?.ingress?.map(
        ({ ip }) => ip,
      ),
    });
    await eventually(async () =>
      expect(await addresses()).toMatchObject({ slice: [["10.1.0.1", true]], endpoints: ["10.1.0.1"] }),
    );
    await eventually(async () => expect((await addresses()).loadBalancer).toHaveLength(1));
    const before = await addresses();
    const slice = (await sliceOf())!;
    await client.update(endpointSlices, {
      ...slice,
      endpoints: [{ addresses: ["10.9.9.9"], conditions: { ready: true } }],
    });
    await client.patch(endpoints, namespace, "lb", "merge", {
      subsets: [{ addresses: [{ ip: "10.9.9.9" }], ports: [{ port: 1 }] }],
    });
    await client.patch(
      services,
      namespace,
      "lb",
      "merge",
      { status: { loadBalancer: { ingress: [{ ip: "192.0.2.99" }] } } },
      { subresource: "status" },
    );
    await eventually(async () => expect(await addresses()).toEqual(before));
    await client.delete(endpointSlices, namespace, (await sliceOf())!.metadata.name);
    await client.delete(endpoints, namespace, "lb");
    await eventually(async () => expect(await addresses()).toEqual(before));
  });
});
