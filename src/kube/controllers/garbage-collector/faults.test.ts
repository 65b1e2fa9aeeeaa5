import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { createGarbageCollector } from "./index.ts";

describe("the garbage collector under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: { "generic-garbage-collector": createGarbageCollector },
    async play({ client, namespace }) {
      const make = (name: string, ...owners: KubeObject[]) => {
        const ownerReferences = owners.map(({ metadata }) => ({
          apiVersion: "v1",
          kind: "ConfigMap",
          name: metadata.name,
          uid: metadata.uid,
          blockOwnerDeletion: true,
        }));
        return client.create(configMaps, { metadata: { name, namespace, ownerReferences } });
      };
      for (const propagationPolicy of ["Background", "Foreground", "Orphan"] as const) {
        const policy = propagationPolicy.toLowerCase();
        const top = await make(`top-${policy}`);
        const middle = await make(`middle-${policy}`, top);
        for (const index of [1, 2]) await make(`bottom-${policy}-${index}`, middle);
        const other = await make(`other-${policy}`);
        await make(`shared-${policy}`, top, other);
        await client.delete(configMaps, namespace, top.metadata.name, { propagationPolicy });
      }
      await eventually(async () => {
        const { items } = await client.list(configMaps, { namespace });
        expect(items.map((one) => one.metadata.name).filter((name) => name.startsWith("top"))).toEqual([]);
      });
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(configMaps, { namespace });
      return items
        .map(({ metadata }) => [metadata.name, ...(metadata.ownerReferences ?? []).map((one) => one.name)])
        .sort();
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual([
      ["bottom-orphan-1", "middle-orphan"],
      ["bottom-orphan-2", "middle-orphan"],
      ["middle-orphan"],
      ["other-background"],
      ["other-foreground"],
      ["other-orphan"],
      ["shared-background", "other-background"],
      ["shared-foreground", "other-foreground"],
      ["shared-orphan", "other-orphan"],
    ]);
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 8, events: 20 });
});
