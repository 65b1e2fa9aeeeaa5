import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodes, podCondition, pods } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { node, pod } from "../testing/objects.ts";
import { createTaintEvictionController } from "./index.ts";

const WORLD = "world";
const bears = (tolerationSeconds?: number) => ({
  tolerations: [
    {
      key: "k",
      operator: "Exists",
      effect: "NoExecute",
      ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
    },
  ],
});

describe("driving pods away under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: { "node-controller": createTaintEvictionController },
    worldLabel: WORLD,
    async prepare({ client, namespace }) {
      await client.create(nodes, node(`n-${namespace}`, { [WORLD]: namespace }));
      const specs: [string, object][] = [
        ["at-once", {}],
        ["soon", bears(0)],
        ["later", bears(1000)],
        ["always", bears()],
      ];
      for (const [name, spec] of specs)
        await client.create(pods, pod(name, namespace, {}, { nodeName: `n-${namespace}`, ...spec }));
    },
    async play({ client, namespace }) {
      const taints = [{ key: "k", effect: "NoExecute" }];
      await client.patch(nodes, undefined, `n-${namespace}`, "merge", { spec: { taints } });
      await client.create(pods, pod("late", namespace, {}, { nodeName: `n-${namespace}` }));
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(pods, { namespace });
      return items.map((one) => [
        one.metadata.name,
        one.metadata.deletionTimestamp !== undefined,
        podCondition(one, "DisruptionTarget")?.reason,
      ]);
    },
  };
  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  const goes = (name: string) => [name, true, "DeletionByTaintManager"];
  const stays = (name: string) => [name, false, undefined];

  it("comes to the right end without any", async () => {
    await eventually(() =>
      expect(expected).toEqual(
        [goes("at-once"), goes("late"), stays("later"), goes("soon"), stays("always")].sort(),
      ),
    );
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 4, events: 5 });
});
