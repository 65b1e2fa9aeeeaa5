import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodes, pods } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { node, pod } from "../testing/objects.ts";
import { createPodGcController } from "./index.ts";

describe("the pod garbage collector", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
  });
  afterAll(() => plane.stop());

  it("fails pods that were deleted before any node had them, where a finalizer keeps them", async () => {
    const { client } = plane;
    const namespace = await plane.namespace();
    const { metadata, spec } = pod("held", namespace);
    await client.create(pods, { metadata: { ...metadata, finalizers: ["example.com/hold"] }, spec });
    await client.delete(pods, namespace, "held");
    expect((await client.get(pods, namespace, "held")).status?.phase).toBe("Pending");
    await plane.run({ "pod-garbage-collector": createPodGcController });
    await eventually(async () => {
      const { status } = await client.get(pods, namespace, "held");
      expect(status?.phase).toBe("Failed");
      expect(status?.conditions).toBeUndefined();
    });
  });

  it("ends pods on nodes that are down and said to be out of service", async () => {
    const { client } = plane;
    const namespace = await plane.namespace();
    const taints = [{ key: "node.kubernetes.io/out-of-service", value: "gone", effect: "NoExecute" }];
    await client.create(nodes, { ...node("out"), spec: { taints } });
    await client.create(nodes, node("down"));
    const onNode = (name: string) => pod(`on-${name}`, namespace, {}, { nodeName: name });
    for (const name of ["out", "down"]) {
      await client.create(pods, onNode(name));
      await client.delete(pods, namespace, `on-${name}`);
    }
    await client.create(pods, { ...onNode("out"), metadata: { name: "stays", namespace } });
    await plane.run({ "pod-garbage-collector": createPodGcController });
    await eventually(async () => {
      const { items } = await client.list(pods, { namespace });
      expect(items.map(({ metadata }) => metadata.name)).toEqual(["on-down", "stays"]);
    });
  });
});
