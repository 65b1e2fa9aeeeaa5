import { describe, expect, it } from "vitest";
import { admitted, lookupAmong } from "../testing/admitted.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { persistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";

const CLAIMS = "persistentvolumeclaims";
const named = (name: string, annotations: Record<string, string> = {}, creationTimestamp = "") => ({
  metadata: { name, annotations, creationTimestamp },
});
const isDefault = { "storageclass.kubernetes.io/is-default-class": "true" };

describe("DefaultStorageClass", () => {
  const old = named("old", isDefault, "2024-01-01T00:00:00Z");
  const classes = [
    old,
    named("new-b", { "storageclass.beta.kubernetes.io/is-default-class": "true" }, "2024-02-01T00:00:00Z"),
    named("new-a", isDefault, "2024-02-01T00:00:00Z"),
    named("newest", { "storageclass.kubernetes.io/is-default-class": "false" }, "2024-03-01T00:00:00Z"),
  ];
  const classOf = async (present: object[], spec: object, annotations = {}) => {
    const plugin = defaultStorageClass(lookupAmong({ "storageclasses.storage.k8s.io": present }));
    const { object } = await admitted(plugin, {
      resource: CLAIMS,
      object: { ...named("c", annotations), spec },
    });
    return object.spec.storageClassName;
  };

  it("is the newest one, by name where several are", async () => {
    expect(await classOf(classes, {})).toBe("new-a");
    expect(await classOf([old], {})).toBe("old");
    expect(await classOf([named("none")], {})).toBeUndefined();
  });

  it("is not for claims that say what they want", async () => {
    expect(await classOf(classes, { storageClassName: "" })).toBe("");
    expect(await classOf(classes, { storageClassName: "x" })).toBe("x");
    expect(await classOf(classes, {}, { "volume.beta.kubernetes.io/storage-class": "" })).toBeUndefined();
  });
});

describe("DefaultIngressClass", () => {
  const plugin = defaultIngressClass(
    lookupAmong({
      "ingressclasses.networking.k8s.io": [
        named("c", { "ingressclass.kubernetes.io/is-default-class": "true" }),
      ],
    }),
  );
  it.each([
    [{}, {}, "c"],
    [{ ingressClassName: "x" }, {}, "x"],
    [{}, { "kubernetes.io/ingress.class": "y" }, undefined],
  ])("of %j with annotations %j is %s", async (spec, annotations, expected) => {
    const sent = { resource: "ingresses.networking.k8s.io", object: { ...named("i", annotations), spec } };
    expect((await admitted(plugin, sent)).object.spec.ingressClassName).toBe(expected);
  });
});

describe("PersistentVolumeClaimResize", () => {
  const plugin = persistentVolumeClaimResize(
    lookupAmong({
      "storageclasses.storage.k8s.io": [
        { ...named("grows"), allowVolumeExpansion: true },
        { ...named("stays"), allowVolumeExpansion: false },
      ],
    }),
  );
  const claim = (storageClassName: string | undefined, storage: string, phase = "Bound") => ({
    ...named("c"),
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  });
  const NOT_ALLOWED =
    '403 Forbidden persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

  it.each([
    [claim("grows", "1Gi"), claim("grows", "2Gi"), undefined],
    [claim("stays", "1Gi"), claim("stays", "1024Mi"), undefined],
    [claim("stays", "2Gi"), claim("stays", "1Gi"), undefined],
    [claim("stays", "1Gi"), claim("stays", "2Gi"), NOT_ALLOWED],
    [claim("absent", "1Gi"), claim("absent", "2Gi"), NOT_ALLOWED],
    [claim(undefined, "1Gi"), claim("grows", "2Gi"), NOT_ALLOWED],
    [claim("", "1Gi"), claim("", "2Gi"), NOT_ALLOWED],
    [
      claim("grows", "1Gi", "Pending"),
      claim("grows", "2Gi"),
      '403 Forbidden persistentvolumeclaims "c" is forbidden: Only bound persistent volume claims can be expanded',
    ],
  ])("from %j to %j", async (oldObject, object, refused) => {
    expect((await admitted(plugin, { resource: CLAIMS, object, oldObject })).refused).toBe(refused);
  });
});

describe("StorageObjectInUseProtection", () => {
  it.each([
    ["persistentvolumes", undefined, ["kubernetes.io/pv-protection"]],
    [CLAIMS, ["x"], ["x", "kubernetes.io/pvc-protection"]],
    [CLAIMS, ["kubernetes.io/pvc-protection"], ["kubernetes.io/pvc-protection"]],
    ["pods", undefined, undefined],
  ])("of %s with %j gives %j", async (resource, finalizers, expected) => {
    const object = { metadata: { name: "a", ...(finalizers ? { finalizers } : {}) } };
    const { object: made } = await admitted(storageObjectInUseProtection, { resource, object });
    expect(made.metadata.finalizers).toEqual(expected);
  });
});
