import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { events as eventsResource, persistentVolumeClaims, storageClasses } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { claim } from "../testing/objects.ts";
import { createVolumeExpandController } from "./index.ts";

describe("the controller of bigger claims", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    namespace = await plane.namespace();
    await plane.run({ "expand-controller": createVolumeExpandController });
  });
  afterAll(() => plane.stop());

  const makeBound = async (name: string, storageClassName: string) => {
    const { metadata, spec } = claim(name, namespace);
    await plane.client.create(persistentVolumeClaims, { metadata, spec: { ...spec, storageClassName } });
    const status = { phase: "Bound", capacity: { storage: "1Gi" } };
    const options = { subresource: "status" };
    await plane.client.patch(persistentVolumeClaims, namespace, name, "merge", { status }, options);
  };
  const grow = (name: string) =>
    plane.client.patch(persistentVolumeClaims, namespace, name, "merge", {
      spec: { resources: { requests: { storage: "2Gi" } } },
    });

  it("tells that others are to expand the volume", async () => {
    await plane.client.create(storageClasses, {
      metadata: { name: "elastic" },
      provisioner: "example.com/disk",
      allowVolumeExpansion: true,
    });
    await makeBound("c", "elastic");
    await grow("c");
    await eventually(async () => {
      const { items } = await plane.client.list(eventsResource, { namespace });
      expect(items.map(({ reason, message }) => [reason, message])).toEqual([
        ["ExternalExpanding", "waiting for an external controller to expand this PVC"],
      ]);
    });
  });

  it("has nothing to tell where the class does not allow it: that is refused", async () => {
    await plane.client.create(storageClasses, {
      metadata: { name: "rigid" },
      provisioner: "example.com/disk",
    });
    await makeBound("r", "rigid");
    await expect(grow("r")).rejects.toThrow(
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    );
  });
});
