import { describe, expect, it } from "vitest";
import type { PersistentVolumeClaim } from "../../generated/types.ts";
import { describeRefusals, type KindRefusals } from "../../testing/describe-refusals.ts";
import { createdFrom, refusalsOnUpdate } from "../../testing/refusals.ts";
import { persistentVolumeClaims } from "../persistent-volume-claim.ts";

const ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const base = {
  metadata: { name: "c", namespace: "n" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};

const REFUSALS: KindRefusals = {
  base,
  create: [
    [
      { spec: { accessModes: null, resources: null } },
      "Required spec.accessModes: Required value: at least 1 access mode is required",
      "Required spec.resources[storage]: Required value",
    ],
    [
      { spec: { dataSourceRef: { kind: "Other", name: "" } } },
      // Both names of the field say it.
      "Required spec.dataSource.name: Required value",
      "Invalid spec.dataSource: Invalid value: \"Other\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
      "Required spec.dataSourceRef.name: Required value",
      "Invalid spec.dataSourceRef: Invalid value: \"Other\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
    ],
    [{ spec: { volumeAttributesClassName: "A" } }],
  ],
  update: [
    [{ spec: { volumeName: "v" } }],
    // A class for a claim that had none.
    [{ spec: { storageClassName: "gold" } }],
    [
      { metadata: { annotations: { [ANNOTATION]: "gold" } } },
      `Invalid metadata.annotations.${ANNOTATION}: Invalid value: "gold": field is immutable`,
    ],
  ],
  status: [
    [{ status: { phase: "Bound", capacity: { storage: "1Gi" } } }],
    [
      {
        status: {
          capacity: { storage: "-1" },
          allocatedResourceStatuses: { storage: "Odd", cpu: "NodeResizePending" },
          allocatedResources: { memory: "1", storage: "-2" },
        },
      },
      "Invalid status.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
      'NotSupported status.allocatedResourceStatus: Unsupported value: storage: supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
      'NotSupported status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "storage"',
      'NotSupported status.allocatedResources: Unsupported value: "memory": supported values: "storage"',
      "Invalid status.allocatedResources[storage]: Invalid value: -2: must be a valid resource quantity",
    ],
  ],
  warnings: [
    [
      {
        metadata: { annotations: { [ANNOTATION]: "a" } },
        spec: { resources: { requests: { storage: "1500m" }, limits: { storage: "1m" } } },
      },
      `metadata.annotations[${ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.resources.limits[storage]: fractional byte value "1m" is invalid, must be an integer',
    ],
  ],
};

describeRefusals(persistentVolumeClaims, REFUSALS);

const claim = (spec: object) => createdFrom(persistentVolumeClaims, base, { spec }) as PersistentVolumeClaim;

describe("the data source of a claim", () => {
  const source = { apiGroup: null, kind: "PersistentVolumeClaim", name: "src" };
  const snapshot = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "s" };
  const other = { apiGroup: "example.com", kind: "Other", name: "o" };

  it("has two names, and each stands for the other", () => {
    expect(claim({ dataSource: source }).spec.dataSourceRef).toEqual(source);
    expect(claim({ dataSource: snapshot }).spec.dataSourceRef).toEqual(snapshot);
    expect(claim({ dataSourceRef: other }).spec.dataSource).toEqual(other);
  });

  it("is a claim or a snapshot under its older name, or nothing", () => {
    const { spec } = claim({ dataSource: other });
    expect([spec.dataSource, spec.dataSourceRef]).toEqual([undefined, undefined]);
  });

  it("is of the same namespace", () => {
    expect(claim({ dataSourceRef: { ...other, namespace: "m" } }).spec.dataSourceRef).toBeUndefined();
  });
});

describe("the size of a claim", () => {
  const updated = (status: object, storage: string) => {
    const previous = { ...base, status };
    const kind = { ...persistentVolumeClaims, prepareForCreate: () => {} };
    return refusalsOnUpdate(kind, previous, { spec: { resources: { requests: { storage } } } });
  };

  it("changes once the claim is bound, and not below what it has", () => {
    const bound = { phase: "Bound", capacity: { storage: "512Mi" } };
    expect(updated(bound, "2Gi")).toEqual([]);
    expect(updated(bound, "768Mi")).toEqual([]);
    expect(updated(bound, "256Mi")).toEqual([
      "Forbidden spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
    ]);
    expect(updated({ phase: "Pending" }, "2Gi")).toEqual([
      expect.stringMatching(
        /^Forbidden spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n/,
      ),
    ]);
  });
});
