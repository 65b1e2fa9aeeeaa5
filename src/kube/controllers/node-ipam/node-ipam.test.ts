import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { events, nodes } from "../../api/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import {
  expectSameDespiteEventFaults,
  expectSameDespiteWriteFaults,
  reference,
  type Scenario,
} from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { WRITE_FAULTS } from "../testing/faults.ts";
import { node } from "../testing/objects.ts";
import { createNodeIpamController } from "./index.ts";
import { NodeBlocks } from "./node-blocks.ts";

const create = (dependencies: ControllerDependencies) =>
  createNodeIpamController({ ...dependencies, podCidr: "10.244.0.0/22", nodeCidrMaskSize: 24 });

describe("the blocks of a network", () => {
  it("are given out in turn, without those in use", () => {
    const blocks = new NodeBlocks("10.244.0.0/22", 24);
    expect(blocks.take([])).toBe("10.244.0.0/24");
    expect(blocks.take([])).toBe("10.244.1.0/24");
    expect(blocks.take(["10.244.2.128/25", "fd00::/64"])).toBe("10.244.3.0/24");
    expect(blocks.take(["10.244.0.0/23"])).toBe("10.244.2.0/24");
    expect(blocks.take(["10.0.0.0/8"])).toBeUndefined();
  });

  it("may be the network itself, and not larger", () => {
    expect(new NodeBlocks("10.244.7.0/24", 24).take([])).toBe("10.244.7.0/24");
    expect(() => new NodeBlocks("10.244.7.0/24", 23)).toThrow("10.244.7.0/24 has no blocks of /23");
    expect(() => new NodeBlocks("fd00::/64", 24)).toThrow("has no blocks");
  });
});

describe("each node's part of the pods' network", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(() => plane.client.deleteCollection(nodes, {}));
  afterAll(() => plane.stop());

  const partOf = async (name: string) => {
    const { podCIDR, podCIDRs } = (await plane.client.get(nodes, undefined, name)).spec;
    expect(podCIDRs).toEqual(podCIDR === undefined ? undefined : [podCIDR]);
    return podCIDR;
  };

  it("is its own, and another's when it is gone", async () => {
    const { client } = plane;
    await client.create(nodes, {
      ...node("old"),
      spec: { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24"] },
    });
    const running = await plane.run({ "node-controller": create });
    for (const name of ["a", "b", "c"]) await client.create(nodes, node(name));
    const parts = await eventually(async () => {
      const all = [await partOf("a"), await partOf("b"), await partOf("c")];
      expect([...all].sort()).toEqual(["10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24"]);
      return all;
    });
    expect(await partOf("old")).toBe("10.244.1.0/24");
    await client.create(nodes, node("d"));
    await eventually(async () => {
      const { items } = await client.list(events, {});
      expect(items.map(({ reason, message }) => [reason, message])).toContainEqual([
        "CIDRNotAvailable",
        "Node d status is now: CIDRNotAvailable",
      ]);
    });
    expect(await partOf("d")).toBeUndefined();
    await client.delete(nodes, undefined, "b");
    await eventually(async () => expect(await partOf("d")).toBe(parts[1]));
    await running.stop();
  });

  const WORLD = "world";
  const scenario: Scenario = {
    controllers: { "node-controller": create },
    worldLabel: WORLD,
    async play({ client, namespace }) {
      for (const name of ["a", "b", "c", "d"])
        await client.create(nodes, node(`${name}-${namespace}`, { [WORLD]: namespace }));
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(nodes, { labelSelector: `${WORLD}=${namespace}` });
      return items.map(({ spec }) => spec.podCIDR).sort();
    },
  };
  for (const mode of [...WRITE_FAULTS, "missed", "doubled"] as const) {
    it(`comes to all whatever is ${mode}`, async () => {
      const expected = await reference(plane, scenario);
      expect(new Set(expected as string[]).size).toBe(4);
      if (mode === "missed" || mode === "doubled")
        await expectSameDespiteEventFaults(plane, scenario, expected, mode);
      else expect(await expectSameDespiteWriteFaults(plane, scenario, expected, mode)).toBeGreaterThan(3);
    });
  }
});
