import { describe, expect, it } from "vitest";
import { goDiff } from "./go-diff.ts";

/** The difference with blanks that break, tabs as two of them. */
const told = (struct: string, before: object, after: object) =>
  goDiff(struct, before, after).replaceAll("\u00a0", " ").replaceAll("\t", "  ").trimEnd().split("\n");
const ofSources = (before: object, after: object) => told("core.PersistentVolumeSource", before, after);

describe("a difference as go-cmp tells it", () => {
  it("is nothing where nothing differs, whatever is told of it", () => {
    expect(goDiff("core.PersistentVolumeSource", { nfs: { readOnly: false } }, { nfs: {} })).toBe("");
  });

  it("has two neighbours of each change, and counts the rest", () => {
    expect(ofSources({}, { nfs: { server: "s", path: "/p" } })).toEqual([
      "  core.PersistentVolumeSource{",
      "    ... // 2 identical fields",
      "    HostPath:  nil,",
      "    Glusterfs: nil,",
      "-   NFS:       nil,",
      '+   NFS:       &core.NFSVolumeSource{Server: "s", Path: "/p"},',
      "    RBD:       nil,",
      "    Quobyte:   nil,",
      "    ... // 15 identical fields",
      "  }",
    ]);
  });

  it("goes down to what has changed, entry by entry, element by element", () => {
    const csi = (volumeAttributes: object) => ({ csi: { driver: "d", volumeHandle: "h", volumeAttributes } });
    expect(ofSources(csi({ a: "1", b: "2", c: "3" }), csi({ a: "1", b: "9", d: "4" }))).toEqual(
      expect.arrayContaining([
        "      VolumeAttributes: map[string]string{",
        '        "a": "1",',
        '-       "b": "2",',
        '+       "b": "9",',
        '-       "c": "3",',
        '+       "d": "4",',
      ]),
    );
    const rbd = (...monitors: string[]) => ({ rbd: { monitors, image: "i" } });
    expect(ofSources(rbd("a", "b", "c"), rbd("b", "c", "d"))).toEqual(
      expect.arrayContaining([
        "      CephMonitors: []string{",
        '-       "a",',
        '        "b",',
        '        "c",',
        '+       "d",',
        "      },",
      ]),
    );
    // Where not one stays in its place, each is changed to its neighbour.
    expect(ofSources(rbd("a", "b"), rbd("b", "c"))).toEqual(
      expect.arrayContaining(['-       "a",', '+       "b",', '-       "b",', '+       "c",']),
    );
  });

  it("breaks lines that would be too long", () => {
    const server = "s".repeat(70);
    expect(ofSources({ nfs: { server, path: "/p" } }, {})).toEqual(
      expect.arrayContaining([
        "-   NFS: &core.NFSVolumeSource{",
        `-     Server: "${server}",`,
        '-     Path:   "/p",',
        "-   },",
        "+   NFS:     nil,",
      ]),
    );
  });

  it("tells of long texts where they part", () => {
    const nfs = (server: string) => ({ nfs: { server, path: "/p" } });
    const [before, after] = [
      nfs(`${"a".repeat(40)}-b-${"c".repeat(40)}`),
      nfs(`${"a".repeat(40)}-x-${"c".repeat(40)}`),
    ];
    expect(ofSources(before, after)).toEqual(
      expect.arrayContaining([
        "      Server: strings.Join({",
        `        "${"a".repeat(40)}-",`,
        '-       "b",',
        '+       "x",',
        `        "-${"c".repeat(40)}",`,
        '      }, ""),',
      ]),
    );
  });

  it("knows what prints itself, and what does not", () => {
    const spec = (storage: string, more: object = {}) => ({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage } },
      ...more,
    });
    const selector = { matchLabels: { a: "b" } };
    expect(told("core.PersistentVolumeClaimSpec", spec("1Gi"), spec("100m", { selector }))).toEqual([
      "  core.PersistentVolumeClaimSpec{",
      '    AccessModes: {"ReadWriteOnce"},',
      "-   Selector:    nil,",
      '+   Selector:    s"&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",',
      "    Resources: core.VolumeResourceRequirements{",
      "      Limits: nil,",
      "-     Requests: core.ResourceList{",
      '-       s"storage": {i: resource.int64Amount{value: 1073741824}, s: "1Gi", Format: "BinarySI"},',
      "-     },",
      "+     Requests: core.ResourceList{",
      '+       s"storage": {i: resource.int64Amount{value: 100, scale: -3}, s: "100m", Format: "DecimalSI"},',
      "+     },",
      "    },",
      '    VolumeName:       "",',
      "    StorageClassName: nil,",
      "    ... // 4 identical fields",
      "  }",
    ]);
  });
});
