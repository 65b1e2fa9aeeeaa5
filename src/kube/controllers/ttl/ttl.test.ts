import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodes } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { node } from "../testing/objects.ts";
import { createTtlController } from "./index.ts";

describe("the annotation that tells kubelets how old what they know may be", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "ttl-controller": createTtlController });
  });
  afterAll(() => plane.stop());

  const told = async (): Promise<(string | undefined)[]> => {
    const { items } = await plane.client.list(nodes);
    const values = items.map(({ metadata }) => metadata.annotations?.["node.alpha.kubernetes.io/ttl"]);
    return [...new Set(values)];
  };
  const tells = (value: string) => eventually(async () => expect(await told()).toEqual([value]));
  const grow = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) await plane.client.create(nodes, node(`n${index}`));
  };
  const shrink = async (from: number, to: number): Promise<void> => {
    for (let index = to; index < from; index++) await plane.client.delete(nodes, undefined, `n${index}`);
  };

  it("grows with the cluster, and shrinks a little later", async () => {
    await grow(0, 3);
    await tells("0");
    await grow(3, 101);
    await tells("15");
    await shrink(101, 95);
    await tells("15");
    await shrink(95, 89);
    await tells("0");
  });

  it("is set anew where somebody else has changed it", async () => {
    const annotations = { "node.alpha.kubernetes.io/ttl": "7" };
    await plane.client.patch(nodes, undefined, "n0", "merge", { metadata: { annotations } });
    await tells("0");
  });
});
