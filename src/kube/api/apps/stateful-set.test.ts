import { describe, expect, it } from "vitest";
import { toTable } from "../table.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
  warningsOnCreate,
  warningsOnUpdate,
} from "../testing/refusals.ts";
import { statefulSets } from "./stateful-set.ts";

const labels = { app: "db" };
const claim = {
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};
const base = {
  metadata: { name: "db", namespace: "n", creationTimestamp: "2024-05-01T11:00:00Z" },
  spec: {
    selector: { matchLabels: labels },
    serviceName: "db",
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i:1" }] } },
    volumeClaimTemplates: [claim],
  },
};
const MISMATCH =
  'Invalid spec.template.metadata.labels: Invalid value: map[string]string{"app":"db"}: `selector` does not match template `labels`';

describe("stateful sets", () => {
  it("have upstream's defaults, and claims that say what they are", () => {
    const { spec, status } = createdFrom(statefulSets, base, { status: { replicas: 7 } });
    expect(spec).toMatchObject({
      replicas: 1,
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    });
    expect(spec.volumeClaimTemplates[0]).toMatchObject({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      spec: { volumeMode: "Filesystem" },
      status: { phase: "Pending" },
    });
    expect(status).toEqual({ replicas: 0, availableReplicas: 0 });
  });

  it("roll out without a partition where only the type was said, and drop what is off by default", () => {
    const said = createdFrom(statefulSets, base, { spec: { updateStrategy: { type: "RollingUpdate" } } });
    expect(said.spec.updateStrategy).toEqual({ type: "RollingUpdate" });
    const rollingUpdate = { maxUnavailable: 2 };
    const dropped = createdFrom(statefulSets, base, { spec: { updateStrategy: { rollingUpdate } } });
    expect(dropped.spec.updateStrategy.rollingUpdate).toEqual({ partition: 0 });
  });

  it.each(
    rows([
      [{}],
      [
        { spec: { replicas: -1 } },
        "Invalid spec.replicas: Invalid value: -1: must be greater than or equal to 0",
      ],
      [
        { spec: { ordinals: { start: -1 } } },
        "Invalid spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
      ],
      [
        { spec: { podManagementPolicy: "Odd" } },
        "Invalid spec.podManagementPolicy: Invalid value: \"Odd\": must be 'OrderedReady' or 'Parallel'",
      ],
      [
        { spec: { updateStrategy: { type: "OnDelete", rollingUpdate: { partition: 1 } } } },
        "Invalid spec.updateStrategy.rollingUpdate: Invalid value: apps.RollingUpdateStatefulSetStrategy{Partition:1, MaxUnavailable:(*intstr.IntOrString)(nil)}: only allowed for updateStrategy 'RollingUpdate'",
      ],
      [
        { spec: { updateStrategy: { type: "Odd" } } },
        "Invalid spec.updateStrategy: Invalid value: apps.StatefulSetUpdateStrategy{Type:\"Odd\", RollingUpdate:(*apps.RollingUpdateStatefulSetStrategy)(nil)}: must be 'RollingUpdate' or 'OnDelete'",
      ],
      [
        { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: "Odd" } } },
        'NotSupported spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Odd": supported values: "Retain", "Delete"',
      ],
      [
        { spec: { serviceName: "a.b" } },
        'Invalid spec.serviceName: Invalid value: "a.b": must not contain dots',
      ],
      [{ spec: { selector: null } }, "Required spec.selector: Required value", MISMATCH],
      [
        { spec: { selector: { matchLabels: null } } },
        "Invalid spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for statefulset",
      ],
      [{ spec: { selector: { matchLabels: { app: "web" } } } }, MISMATCH],
      // Of the template's spec only this much is checked.
      [{ spec: { template: { spec: { containers: null } } } }],
      [
        { spec: { template: { spec: { restartPolicy: "Never", activeDeadlineSeconds: 1 } } } },
        'NotSupported spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "Forbidden spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported",
      ],
    ]),
  )("are refused on create with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(statefulSets, base, change)).toEqual(errors);
  });

  const FIXED =
    "Forbidden spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  it.each(
    rows([
      [{ spec: { replicas: 3, ordinals: { start: 1 }, minReadySeconds: 5, revisionHistoryLimit: 2 } }],
      [{ spec: { updateStrategy: { type: "OnDelete", rollingUpdate: null } } }],
      [{ spec: { podManagementPolicy: "Parallel" } }, FIXED],
      // A name that is none is only told on create.
      [{ spec: { serviceName: "a.b" } }, FIXED],
      [{ spec: { volumeClaimTemplates: [] } }, FIXED],
    ]),
  )("are refused on update with $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(statefulSets, base, change)).toEqual(errors);
  });

  it.each(
    rows([
      [{ status: { replicas: 3, readyReplicas: 2, availableReplicas: 2 } }],
      [
        { status: { replicas: 1, currentReplicas: 2, availableReplicas: 1 } },
        "Invalid status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "Invalid status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas",
      ],
    ]),
  )("have a status that is refused with $title", ({ change, errors }) => {
    expect(refusalsOnStatusUpdate(statefulSets, base, change)).toEqual(errors);
  });

  it("warn of a negative limit, and of claims of parts of bytes", () => {
    const spec = {
      revisionHistoryLimit: -1,
      volumeClaimTemplates: [
        { ...claim, spec: { ...claim.spec, resources: { limits: { storage: "1500m" } } } },
      ],
    };
    const fraction = (at: string) =>
      `spec.volumeClaimTemplates[0]${at}.resources.limits[storage]: fractional byte value "1500m" is invalid, must be an integer`;
    const negative =
      "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
    expect(warningsOnCreate(statefulSets, base, { spec })).toEqual([fraction(""), negative]);
    expect(warningsOnUpdate(statefulSets, base, { spec })).toEqual([fraction(".Spec"), negative]);
  });

  it("show their rows", () => {
    const set = createdFrom(statefulSets, base, { spec: { replicas: 3 } });
    set.status = { replicas: 3, readyReplicas: 2 };
    const { rows: shown } = toTable(statefulSets, [set], { nowMs: Date.parse("2024-05-01T11:02:05Z") });
    expect(shown[0]!.cells).toEqual(["db", "2/3", "2m5s", "c", "i:1"]);
  });
});
