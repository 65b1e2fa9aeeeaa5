import { describe, expect, it } from "vitest";
import type { CSIDriver, VolumeAttachment } from "../generated/types.ts";
import { describeRefusals } from "../testing/describe-refusals.ts";
import { createdFrom } from "../testing/refusals.ts";
import { csiDrivers } from "./csi-driver.ts";
import { csiNodes } from "./csi-node.ts";
import { csiStorageCapacities } from "./csi-storage-capacity.ts";
import {
  ATTACHMENT_REFUSALS,
  CAPACITY_REFUSALS,
  CLASS_REFUSALS,
  DRIVER_REFUSALS,
  NODE_REFUSALS,
} from "./refusals.table.ts";
import { storageClasses } from "./storage-class.ts";
import { volumeAttachments } from "./volume-attachment.ts";

describeRefusals(storageClasses, CLASS_REFUSALS);
describeRefusals(csiDrivers, DRIVER_REFUSALS);
describeRefusals(csiNodes, NODE_REFUSALS);
describeRefusals(csiStorageCapacities, CAPACITY_REFUSALS);
describeRefusals(volumeAttachments, ATTACHMENT_REFUSALS);

const NOW = { nowMs: 0 };

describe("storage.k8s.io", () => {
  it("has classes, and says which one is the default", () => {
    const shown = (annotations: object) =>
      storageClasses.columns[0]!.cell({ metadata: { name: "a", annotations } }, NOW);
    expect(shown({ "storageclass.kubernetes.io/is-default-class": "true" })).toBe("a (default)");
    expect(shown({ "storageclass.beta.kubernetes.io/is-default-class": "true" })).toBe("a (default)");
    expect(shown({ "storageclass.kubernetes.io/is-default-class": "yes" })).toBe("a");
  });

  it("has drivers that say all about themselves, without what is switched off", () => {
    const driver = createdFrom(csiDrivers, DRIVER_REFUSALS.base, {
      spec: { nodeAllocatableUpdatePeriodSeconds: 5 },
    });
    expect(driver.spec).toEqual({
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: "ReadWriteOnceWithFSType",
      volumeLifecycleModes: ["Persistent"],
      requiresRepublish: false,
      seLinuxMount: false,
    });
  });

  it("counts a driver's changes", () => {
    const previous = createdFrom(csiDrivers, DRIVER_REFUSALS.base) as CSIDriver;
    const next = structuredClone(previous);
    csiDrivers.prepareForUpdate!(next, previous);
    expect(next.metadata.generation).toBeUndefined();
    next.spec.podInfoOnMount = true;
    csiDrivers.prepareForUpdate!(next, previous);
    expect(next.metadata.generation).toBe(1);
  });

  it("lets who writes an attachment's status change nothing else", () => {
    const previous = createdFrom(volumeAttachments, ATTACHMENT_REFUSALS.base) as VolumeAttachment;
    const next = structuredClone(previous);
    next.metadata.labels = { a: "b" };
    next.spec.nodeName = "other";
    next.status = { attached: true, attachError: { message: "m", errorCode: 3 } };
    volumeAttachments.prepareForStatusUpdate!(next, previous);
    expect(next).toEqual({ ...previous, status: { attached: true, attachError: { message: "m" } } });
  });
});
