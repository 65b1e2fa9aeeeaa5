import { describe, expect, it } from "vitest";
import type { PersistentVolume } from "../../generated/types.ts";
import { describeRefusals } from "../../testing/describe-refusals.ts";
import { createdFrom, refusalsOnUpdate } from "../../testing/refusals.ts";
import { persistentVolumes } from "../persistent-volume.ts";
import { PLACED_VOLUME_REFUSALS, VOLUME_REFUSALS } from "./refusals.table.ts";

describeRefusals(persistentVolumes, VOLUME_REFUSALS);
describeRefusals(persistentVolumes, PLACED_VOLUME_REFUSALS, "PersistentVolume with an affinity");

const { base } = VOLUME_REFUSALS;
const volume = (change: object = {}) => createdFrom(persistentVolumes, base, change) as PersistentVolume;

describe("a persistent volume", () => {
  it("gets what nobody said", () => {
    const { spec, status } = volume({ spec: { hostPath: null, rbd: { monitors: ["m"], image: "i" } } });
    expect(spec).toMatchObject({
      persistentVolumeReclaimPolicy: "Retain",
      volumeMode: "Filesystem",
      rbd: { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" },
    });
    expect(status).toEqual({ phase: "Pending" });
  });

  it("keeps its source; what is new is told as a difference", () => {
    const [error, ...others] = refusalsOnUpdate(persistentVolumes, base, {
      spec: { hostPath: { path: "/b" } },
    });
    expect(others).toEqual([]);
    expect(error?.split("\n")).toEqual([
      "Forbidden spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
      expect.stringContaining("core.PersistentVolumeSource{"),
      expect.stringMatching(/GCEPersistentDisk: {4}nil,$/),
      expect.stringMatching(/AWSElasticBlockStore: nil,$/),
      expect.stringContaining("HostPath: &core.HostPathVolumeSource{"),
      expect.stringMatching(/^-.*Path: "\/tmp",$/),
      expect.stringMatching(/^\+.*Path: "\/b",$/),
      expect.stringContaining('Type: &"",'),
      expect.stringContaining("},"),
      expect.stringMatching(/Glusterfs: nil,$/),
      expect.stringMatching(/NFS: {7}nil,$/),
      expect.stringContaining("... // 17 identical fields"),
      expect.stringContaining("}"),
      "",
    ]);
  });

  it("says since when it is in a phase", () => {
    const context = {
      user: { name: "u", groups: [] },
      nowMs: Date.parse("2024-05-01T00:00:00Z"),
      warnings: [],
    };
    const previous = volume();
    previous.status = { phase: "Pending", lastPhaseTransitionTime: "2024-01-01T00:00:00Z" };
    const became = (status: object) => {
      const next = { ...structuredClone(previous), status };
      persistentVolumes.prepareForStatusUpdate!(next, previous, context);
      return next.status;
    };
    expect(became({ phase: "Bound" })).toEqual({
      phase: "Bound",
      lastPhaseTransitionTime: "2024-05-01T00:00:00Z",
    });
    expect(became({ phase: "Pending", message: "m" })).toEqual({
      phase: "Pending",
      message: "m",
      lastPhaseTransitionTime: "2024-01-01T00:00:00Z",
    });
    const own = { phase: "Bound", lastPhaseTransitionTime: "2024-03-01T00:00:00Z" };
    expect(became(own)).toEqual(own);
  });
});
