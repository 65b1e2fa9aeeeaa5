import { describe, expect, it } from "vitest";
import type { PersistentVolumeClaim, StatefulSet } from "../../api/index.ts";
import type { OwnerReference } from "../../api/types.ts";
import { controllerReference } from "../owner.ts";
import { hasOtherController, isStale, ownersFit, ownersOf } from "./claim-owners.ts";

type Policy = "Retain" | "Delete";

const setWith = (whenDeleted: Policy, whenScaled: Policy) =>
  ({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", uid: "set" },
    spec: { replicas: 1, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } },
  }) as StatefulSet;
const podOf = (ordinal: number, uid = `pod-${ordinal}`) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `db-${ordinal}`, uid },
});
const claimOf = (...ownerReferences: OwnerReference[]) =>
  ({ metadata: { name: "data-db-0", ownerReferences } }) as PersistentVolumeClaim;
const other = (isController: boolean): OwnerReference => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "x",
  uid: "x",
  controller: isController,
});

describe("the owners of a set's claims", () => {
  it.each<[Policy, Policy, kept: string[], scaledDown: string[]]>([
    ["Retain", "Retain", [], []],
    ["Delete", "Retain", ["set"], ["set"]],
    ["Retain", "Delete", [], ["pod-1"]],
    ["Delete", "Delete", ["set"], ["pod-1"]],
  ])("with %s on deletion and %s on scaling", (whenDeleted, whenScaled, kept, scaledDown) => {
    const set = setWith(whenDeleted, whenScaled);
    for (const [ordinal, wanted] of [kept, scaledDown].entries()) {
      const pod = podOf(ordinal);
      const owned = ownersOf(claimOf(other(false)), set, pod);
      expect(owned.slice(1).map(({ uid }) => uid)).toEqual(wanted);
      expect(ownersFit(claimOf(other(false)), set, pod)).toBe(wanted.length === 0);
      expect(ownersFit(claimOf(...owned), set, pod)).toBe(true);
    }
  });

  it("are put right where they are not the controllers", () => {
    const set = setWith("Delete", "Retain");
    const reference = { ...controllerReference(set), controller: false };
    expect(ownersFit(claimOf(reference), set, podOf(0))).toBe(false);
    expect(ownersOf(claimOf(reference), set, podOf(0))).toEqual([controllerReference(set)]);
  });

  it("leave a claim to another controller", () => {
    const set = setWith("Delete", "Delete");
    const claim = claimOf(other(true));
    expect(hasOtherController(claim, set, podOf(0))).toBe(true);
    expect(hasOtherController(claim, setWith("Retain", "Retain"), podOf(0))).toBe(false);
    expect(ownersFit(claim, set, podOf(0))).toBe(true);
    const both = claimOf(other(true), controllerReference(set));
    expect(ownersFit(both, set, podOf(0))).toBe(false);
    expect(ownersOf(both, set, podOf(0))).toEqual([other(true)]);
  });

  it("do not touch what an earlier pod of the name left behind", () => {
    const set = setWith("Retain", "Delete");
    const left = claimOf({ apiVersion: "v1", kind: "Pod", name: "db-0", uid: "earlier", controller: true });
    expect(isStale(left, podOf(0))).toBe(true);
    expect(ownersFit(left, set, podOf(0))).toBe(true);
  });
});
