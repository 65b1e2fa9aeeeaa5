import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { persistentVolumeClaims, persistentVolumes } from "../../api/index.ts";
import { createPvProtectionController } from "../pv-protection/index.ts";
import { createPvcProtectionController } from "../pvc-protection/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, volume } from "../testing/objects.ts";
import { createPersistentVolumeBinder } from "./index.ts";

describe("the binder under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: {
      "persistent-volume-binder": createPersistentVolumeBinder,
      "pvc-protection-controller": createPvcProtectionController,
      "pv-protection-controller": createPvProtectionController,
    },
    worldLabel: "world",
    async play({ client, namespace }) {
      const storageClassName = namespace;
      const make = (name: string, spec: object) => {
        const { metadata, spec: usual } = volume(`${namespace}-${name}`, { world: namespace });
        return client.create(persistentVolumes, { metadata, spec: { ...usual, storageClassName, ...spec } });
      };
      const ask = (name: string, spec: object = {}) => {
        const { metadata, spec: usual } = claim(name, namespace);
        return client.create(persistentVolumeClaims, {
          metadata,
          spec: { ...usual, storageClassName, ...spec },
        });
      };
      const isBound = (name: string) =>
        eventually(async () => {
          const { status } = await client.get(persistentVolumeClaims, namespace, name);
          expect(status?.phase).toBe("Bound");
        });
      await make("a", {});
      await make("b", { capacity: { storage: "2Gi" } });
      await make("c", { claimRef: { namespace, name: "reserved" }, persistentVolumeReclaimPolicy: "Delete" });
      for (const name of ["one", "two", "reserved"]) await ask(name);
      for (const name of ["one", "two", "reserved"]) await isBound(name);
      for (const name of ["two", "reserved"]) await client.delete(persistentVolumeClaims, namespace, name);
      await ask("late", { volumeName: `${namespace}-d` });
      await make("d", { capacity: { storage: "9Gi" } });
      await isBound("late");
    },
    async outcome({ client, namespace }) {
      const volumes = await client.list(persistentVolumes, { labelSelector: `world=${namespace}` });
      const claims = await client.list(persistentVolumeClaims, { namespace });
      // Which of two like claims got which volume does not matter, only that each got one.
      return {
        volumes: volumes.items.map(({ spec, status }) => [status?.phase, spec.claimRef !== undefined]).sort(),
        claims: claims.items.map(({ metadata, status }) => [
          metadata.name,
          status?.phase,
          Object.keys(metadata.annotations ?? {}).length,
        ]),
      };
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual({
      volumes: [
        ["Bound", true],
        ["Bound", true],
        ["Failed", true],
        ["Released", true],
      ],
      claims: [
        ["late", "Bound", 1],
        ["one", "Bound", 2],
      ],
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 15, events: 20 });
});
