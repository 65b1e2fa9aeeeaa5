import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { events as eventsResource, persistentVolumeClaims, pods } from "../../api/index.ts";
import { createPvcProtectionController } from "../pvc-protection/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, pod } from "../testing/objects.ts";
import { createEphemeralVolumeController } from "./index.ts";

const template = { metadata: { labels: { a: "b" }, annotations: { c: "d" } }, spec: claim("", "").spec };
const withVolumes = (name: string, namespace: string, ...volumes: string[]) =>
  pod(
    name,
    namespace,
    {},
    { volumes: volumes.map((one) => ({ name: one, ephemeral: { volumeClaimTemplate: template } })) },
  );
const controllers = {
  "ephemeral-volume-controller": createEphemeralVolumeController,
  "pvc-protection-controller": createPvcProtectionController,
};

describe("the controller of pods' own volumes", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run(controllers);
  });
  beforeEach(async () => {
    namespace = await plane.namespace();
  });
  afterAll(() => plane.stop());

  it("makes a claim for each, by the pod's template", async () => {
    const { metadata } = await plane.client.create(pods, withVolumes("p", namespace, "one", "two"));
    for (const name of ["p-one", "p-two"]) {
      const made = await eventually(() => plane.client.get(persistentVolumeClaims, namespace, name));
      expect(made.metadata).toMatchObject({
        labels: { a: "b" },
        annotations: { c: "d" },
        ownerReferences: [
          {
            apiVersion: "v1",
            kind: "Pod",
            name: "p",
            uid: metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      });
      expect(made.spec).toMatchObject(template.spec);
    }
  });

  it("makes it again when it is lost, while the pod is there", async () => {
    await plane.client.create(pods, withVolumes("p", namespace, "v"));
    const first = await eventually(() => plane.client.get(persistentVolumeClaims, namespace, "p-v"));
    await plane.client.delete(persistentVolumeClaims, namespace, "p-v");
    await eventually(async () => {
      const { metadata } = await plane.client.get(persistentVolumeClaims, namespace, "p-v");
      expect(metadata.uid).not.toBe(first.metadata.uid);
    });
  });

  it("takes no claim that was there before", async () => {
    await plane.client.create(persistentVolumeClaims, claim("p-v", namespace));
    await plane.client.create(pods, withVolumes("p", namespace, "v"));
    await eventually(async () => {
      const { items } = await plane.client.list(eventsResource, { namespace });
      expect(items.map(({ reason, message }) => `${reason}: ${message}`)).toContain(
        `FailedBinding: ephemeral volume v: PVC ${namespace}/p-v was not created for pod ${namespace}/p (pod is not owner)`,
      );
    });
    const { metadata } = await plane.client.get(persistentVolumeClaims, namespace, "p-v");
    expect(metadata.ownerReferences).toBeUndefined();
  });
});

describe("the controller of pods' own volumes under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async play({ client, namespace }) {
      await client.create(pods, withVolumes("p", namespace, "one", "two"));
      await eventually(() => client.get(persistentVolumeClaims, namespace, "p-two"));
      await client.delete(persistentVolumeClaims, namespace, "p-one");
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(persistentVolumeClaims, { namespace });
      return items.map(({ metadata }) => [metadata.name, metadata.deletionTimestamp !== undefined]);
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual([
      ["p-one", false],
      ["p-two", false],
    ]);
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 3, events: 4 });
});
