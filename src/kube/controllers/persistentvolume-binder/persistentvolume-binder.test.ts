import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import {
  events as eventsResource,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { pod } from "../testing/objects.ts";
import { createPersistentVolumeBinder } from "./index.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
const controllers = { "persistent-volume-binder": createPersistentVolumeBinder };

type Fields = Record<string, unknown>;

describe("the binder of claims and volumes", () => {
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

  /** Cluster-wide names and classes carry the test's namespace, so that tests do not meet. */
  const own = (name: string) => `${namespace}-${name}`;
  const makeClass = (name: string, fields: Fields = {}) =>
    plane.client.create(storageClasses, {
      metadata: { name: own(name) },
      provisioner: "example.com/disk",
      ...fields,
    });
  const makeVolume = (name: string, spec: Fields = {}, metadata: Fields = {}) =>
    plane.client.create(persistentVolumes, {
      metadata: { name: own(name), ...metadata },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "5Gi" },
        hostPath: { path: "/tmp/v" },
        storageClassName: own("manual"),
        ...spec,
      },
    });
  const makeClaim = (name: string, spec: Fields = {}, metadata: Fields = {}) =>
    plane.client.create(persistentVolumeClaims, {
      metadata: { name, namespace, ...metadata },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        storageClassName: own("manual"),
        ...spec,
      },
    });
  const volumeOf = (name: string) =>
    plane.client.get<PersistentVolume>(persistentVolumes, undefined, own(name));
  const claimOf = (name: string) =>
    plane.client.get<PersistentVolumeClaim>(persistentVolumeClaims, namespace, name);
  const volumeIs = (name: string, phase: string) =>
    eventually(async () => {
      const volume = await volumeOf(name);
      expect(volume.status?.phase).toBe(phase);
      return volume;
    });
  const claimIs = (name: string, phase: string, volumeName?: string) =>
    eventually(async () => {
      const claim = await claimOf(name);
      expect([claim.status?.phase, claim.spec.volumeName]).toEqual([phase, volumeName && own(volumeName)]);
      return claim;
    });
  const tells = (name: string, reason: string, message: unknown) =>
    eventually(async () => {
      const fieldSelector = `involvedObject.name=${name},reason=${reason}`;
      const { items } = await plane.client.list(eventsResource, { fieldSelector });
      expect(items.map((one) => one.message)).toContainEqual(message);
    });
  const deleteClaim = async (name: string) => {
    await plane.client.patch(persistentVolumeClaims, namespace, name, "merge", {
      metadata: { finalizers: null },
    });
    await plane.client.delete(persistentVolumeClaims, namespace, name).catch(() => {});
  };
  const deleteVolume = async (name: string) => {
    await plane.client.patch(persistentVolumes, undefined, own(name), "merge", {
      metadata: { finalizers: null },
    });
    await plane.client.delete(persistentVolumes, undefined, own(name)).catch(() => {});
  };

  it("binds a claim to the smallest volume, and marks both", async () => {
    await makeVolume("big", { capacity: { storage: "50Gi" } });
    await makeVolume("fit");
    await volumeIs("fit", "Available");
    await volumeIs("big", "Available");
    await makeClaim("c");
    const claim = await claimIs("c", "Bound", "fit");
    expect(claim.metadata.annotations).toEqual({ [BIND_COMPLETED]: "yes", [BOUND_BY_CONTROLLER]: "yes" });
    expect(claim.status).toEqual({
      phase: "Bound",
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "5Gi" },
    });
    const volume = await volumeIs("fit", "Bound");
    expect(volume.metadata.annotations).toEqual({ [BOUND_BY_CONTROLLER]: "yes" });
    expect(volume.spec.claimRef).toMatchObject({
      kind: "PersistentVolumeClaim",
      namespace,
      name: "c",
      uid: claim.metadata.uid,
    });
    expect((await volumeOf("big")).status?.phase).toBe("Available");
  });

  it("gives a waiting claim the volume that comes", async () => {
    await makeClaim("c", { storageClassName: "" });
    await tells(
      "c",
      "FailedBinding",
      "no persistent volumes available for this claim and no storage class is set",
    );
    expect((await claimOf("c")).status).toEqual({ phase: "Pending" });
    await makeVolume("v", { storageClassName: "", claimRef: { namespace, name: "c" } });
    await claimIs("c", "Bound", "v");
    // A person reserved it, which stays to be seen.
    expect((await volumeOf("v")).metadata.annotations).toBeUndefined();
  });

  it("binds a claim to the volume that it names", async () => {
    await makeVolume("v", { capacity: { storage: "500Gi" } });
    await makeClaim("c", { volumeName: own("v") });
    const claim = await claimIs("c", "Bound", "v");
    expect(claim.metadata.annotations).toEqual({ [BIND_COMPLETED]: "yes" });
    expect((await volumeOf("v")).metadata.annotations).toEqual({ [BOUND_BY_CONTROLLER]: "yes" });
  });

  it.each([
    ["too small", { capacity: { storage: "1Mi" } }, "requested PV is too small"],
    ["another class", { storageClassName: "other" }, "storageClassName does not match"],
    ["another mode", { volumeMode: "Block" }, "incompatible volumeMode"],
    ["other access", { accessModes: ["ReadOnlyMany"] }, "incompatible accessMode"],
  ])("tells that a named volume has %s", async (_what, spec, why) => {
    await makeVolume("v", spec);
    await makeClaim("mismatched", { volumeName: own("v") });
    await tells("mismatched", "VolumeMismatch", `Cannot bind to requested volume "${own("v")}": ${why}`);
    await claimIs("mismatched", "Pending", "v");
  });

  it("tells that a named volume belongs to another, until that one is gone", async () => {
    await makeVolume("v", { claimRef: { namespace, name: "first" } });
    await makeClaim("second", { volumeName: own("v") });
    await tells("second", "FailedBinding", `volume "${own("v")}" already bound to a different claim.`);
    await claimIs("second", "Pending", "v");
    await plane.client.patch(persistentVolumes, undefined, own("v"), "merge", { spec: { claimRef: null } });
    await eventually(async () => {
      await plane.client.patch(persistentVolumeClaims, namespace, "second", "merge", {
        metadata: { labels: { again: "1" } },
      });
      await claimIs("second", "Bound", "v");
    });
  });

  it("releases and keeps what is retained", async () => {
    await makeVolume("v");
    await makeClaim("c");
    await claimIs("c", "Bound", "v");
    await deleteClaim("c");
    const released = await volumeIs("v", "Released");
    expect(released.spec.claimRef?.name).toBe("c");
    // A claim of the same name is another claim.
    await makeClaim("c");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await claimIs("c", "Pending");
    await plane.client.patch(persistentVolumes, undefined, own("v"), "merge", { spec: { claimRef: null } });
    await claimIs("c", "Bound", "v");
  });

  it.each([
    [
      "Delete",
      "VolumeFailedDelete",
      (name: string) => `error getting deleter volume plugin for volume "${name}": no volume plugin matched`,
    ],
    ["Recycle", "VolumeFailedRecycle", () => "No recycler plugin found for the volume!"],
  ])("cannot %s what nobody made", async (persistentVolumeReclaimPolicy, reason, message) => {
    await makeVolume("v", { persistentVolumeReclaimPolicy });
    await makeClaim("c");
    await claimIs("c", "Bound", "v");
    await deleteClaim("c");
    const failed = await volumeIs("v", "Failed");
    expect(failed.status?.message).toBe(message(own("v")));
    await tells(own("v"), reason, message(own("v")));
  });

  it("leaves what another made to be deleted by that one", async () => {
    const annotations = { "pv.kubernetes.io/provisioned-by": "example.com/disk" };
    await makeVolume("v", { persistentVolumeReclaimPolicy: "Delete" }, { annotations });
    await makeClaim("c");
    await claimIs("c", "Bound", "v");
    await deleteClaim("c");
    await volumeIs("v", "Released");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await volumeOf("v")).status?.phase).toBe("Released");
  });

  it("tells of a claim that has lost its volume", async () => {
    await makeVolume("v");
    await makeClaim("c");
    await claimIs("c", "Bound", "v");
    await deleteVolume("v");
    const lost = await claimIs("c", "Lost", "v");
    expect(lost.status).toEqual({ phase: "Lost" });
    await tells("c", "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  });

  it("tells of two claims that say to be bound to one volume", async () => {
    await makeVolume("v");
    await makeClaim("first");
    await claimIs("first", "Bound", "v");
    await makeClaim("thief", { volumeName: own("v") }, { annotations: { [BIND_COMPLETED]: "yes" } });
    await claimIs("thief", "Lost", "v");
    await tells(
      "thief",
      "ClaimMisbound",
      "Two claims are bound to the same volume, this one is bound incorrectly",
    );
    await claimIs("first", "Bound", "v");
  });

  it("frees a volume whose claim found another one", async () => {
    await makeVolume("other", { capacity: { storage: "7Gi" } });
    const claim = await makeClaim("c", { volumeName: own("other") });
    await claimIs("c", "Bound", "other");
    const claimRef = { namespace, name: "c", uid: claim.metadata.uid };
    await makeVolume("chosen", { claimRef }, { annotations: { [BOUND_BY_CONTROLLER]: "yes" } });
    const chosen = await volumeIs("chosen", "Available");
    expect([chosen.spec.claimRef, chosen.metadata.annotations]).toEqual([undefined, undefined]);
    await makeVolume("reserved", { claimRef });
    const reserved = await volumeIs("reserved", "Available");
    expect(reserved.spec.claimRef).toEqual({ namespace, name: "c" });
  });

  it("tells both that a volume of another mode is reserved for a claim", async () => {
    const claim = await makeClaim("files");
    await makeVolume("blocks", {
      volumeMode: "Block",
      claimRef: { namespace, name: "files", uid: claim.metadata.uid },
    });
    const why = "due to incompatible volumeMode.";
    await tells(
      "files",
      "VolumeMismatch",
      `Cannot bind PersistentVolume "${own("blocks")}" to requested PersistentVolumeClaim ${why}`,
    );
    await tells(
      own("blocks"),
      "VolumeMismatch",
      `Cannot bind PersistentVolume to requested PersistentVolumeClaim "files" ${why}`,
    );
  });

  it("waits for a pod and its node where the class says so", async () => {
    await makeClass("late", { volumeBindingMode: "WaitForFirstConsumer" });
    await makeVolume("v", { storageClassName: own("late") });
    await makeClaim("c", { storageClassName: own("late") });
    await tells("c", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
    const volumes = ["c", "c"].map((claimName, at) => ({
      name: `v${at}`,
      persistentVolumeClaim: { claimName },
    }));
    for (const name of ["p", "q"]) {
      await plane.client.create(pods, pod(name, namespace, {}, { volumes }));
      const waiting = name === "p" ? "pod p" : "pods p,q";
      await eventually(async () => {
        await plane.client.patch(persistentVolumeClaims, namespace, "c", "merge", {
          metadata: { labels: { at: `${Date.now()}` } },
        });
        await tells("c", "WaitForPodScheduled", `waiting for ${waiting} to be scheduled`);
      });
    }
    const annotations = { "volume.kubernetes.io/selected-node": "n1" };
    await plane.client.patch(persistentVolumeClaims, namespace, "c", "merge", { metadata: { annotations } });
    await tells(
      "c",
      "ExternalProvisioning",
      expect.stringContaining("by the external provisioner 'example.com/disk'"),
    );
    const { metadata } = await claimIs("c", "Pending");
    expect(metadata.annotations).toMatchObject({
      "volume.kubernetes.io/storage-provisioner": "example.com/disk",
      "volume.beta.kubernetes.io/storage-provisioner": "example.com/disk",
    });
    await makeVolume("made", {
      claimRef: { namespace, name: "c", uid: metadata.uid },
      storageClassName: own("late"),
    });
    await claimIs("c", "Bound", "made");
  });

  it.each([
    [
      "a class that is not there",
      undefined,
      (name: string) => `storageclass.storage.k8s.io "${name}" not found`,
    ],
    [
      "one whose volumes are made by hand",
      "kubernetes.io/no-provisioner",
      () => "no volume plugin matched name: kubernetes.io/no-provisioner",
    ],
  ])("tells of %s", async (_what, provisioner, message) => {
    if (provisioner) await makeClass("none", { provisioner });
    await makeClaim("unmade", { storageClassName: own("none") });
    await tells("unmade", "ProvisioningFailed", message(own("none")));
    await claimIs("unmade", "Pending");
  });

  it("asks the drivers that took over from what was part of Kubernetes", async () => {
    await makeClass("ebs", { provisioner: "kubernetes.io/aws-ebs" });
    await makeClaim("c", { storageClassName: own("ebs") });
    await eventually(async () =>
      expect((await claimOf("c")).metadata.annotations).toMatchObject({
        "volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com",
      }),
    );
  });

  it("gives older claims the default class once there is one", async () => {
    await makeClaim("c", { storageClassName: undefined });
    await claimIs("c", "Pending");
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    const made = await plane.client.create(storageClasses, {
      metadata: { name: own("std"), annotations },
      provisioner: "example.com/disk",
    });
    await eventually(async () => expect((await claimOf("c")).spec.storageClassName).toBe(own("std")));
    await plane.client.delete(storageClasses, undefined, made.metadata.name);
  });

  it("binds many at once, each to a volume of its own", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `m${at}`);
    await Promise.all(names.map((name) => makeVolume(name)));
    await Promise.all(names.map((name) => makeClaim(name)));
    const bound = await eventually(async () => {
      const claims = await Promise.all(names.map(claimOf));
      expect(claims.map(({ status }) => status?.phase)).toEqual(names.map(() => "Bound"));
      return claims.map(({ spec }) => spec.volumeName);
    });
    expect(new Set(bound).size).toBe(names.length);
    for (const name of names) await volumeIs(name, "Bound");
  });
});

describe("the binder in the course of time", () => {
  it("says again what a claim waits for", async () => {
    const plane = await ControlPlane.start();
    const namespace = await plane.namespace();
    const clock = new ManualClock();
    await plane.run(controllers, { clock });
    await plane.client.create(persistentVolumeClaims, {
      metadata: { name: "c", namespace },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        storageClassName: "",
      },
    });
    const counts = async () => {
      const { items } = await plane.client.list(eventsResource, { namespace });
      return items.map(({ reason, count }) => [reason, count]);
    };
    await eventually(async () => expect(await counts()).toEqual([["FailedBinding", 1]]));
    await clock.advance(15_000);
    await eventually(async () => expect(await counts()).toEqual([["FailedBinding", 2]]));
    await plane.stop();
  });
});
