import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { persistentVolumes } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { volume } from "../testing/objects.ts";
import { createPvProtectionController } from "./index.ts";

const FINALIZER = "kubernetes.io/pv-protection";

describe("the volume protection controller", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const setPhase = ({ client, namespace }: World, name: string, phase: string) =>
    client.patch(
      persistentVolumes,
      undefined,
      `${namespace}-${name}`,
      "merge",
      { status: { phase } },
      { subresource: "status" },
    );
  const scenario: Scenario = {
    controllers: { "pv-protection-controller": createPvProtectionController },
    worldLabel: "world",
    async play(world) {
      const { client, namespace } = world;
      for (const name of ["free", "bound", "released", "kept"])
        await client.create(persistentVolumes, volume(`${namespace}-${name}`, { world: namespace }));
      for (const name of ["bound", "released"]) await setPhase(world, name, "Bound");
      await client.patch(persistentVolumes, undefined, `${namespace}-kept`, "merge", {
        metadata: { finalizers: null },
      });
      for (const name of ["free", "bound", "released"])
        await client.delete(persistentVolumes, undefined, `${namespace}-${name}`);
      await setPhase(world, "released", "Released");
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(persistentVolumes, { labelSelector: `world=${namespace}` });
      return items
        .map(({ metadata }) => [metadata.name.slice(namespace.length + 1), metadata.finalizers])
        .sort();
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("lets go of volumes that are not bound, and protects those that are to stay", () => {
    expect(expected).toEqual([
      ["bound", [FINALIZER]],
      ["kept", [FINALIZER]],
    ]);
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 2, events: 8 });
});
