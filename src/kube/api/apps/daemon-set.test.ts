import { describe, expect, it } from "vitest";
import type { DaemonSet } from "../generated/types.ts";
import { toTable } from "../table.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
} from "../testing/refusals.ts";
import { daemonSets } from "./daemon-set.ts";

const labels = { app: "agent" };
const base = {
  metadata: { name: "agent", namespace: "n", creationTimestamp: "2024-05-01T11:00:00Z" },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i:1" }] } },
  },
};
const GENERATION = "deprecated.daemonset.template.generation";
const rolling = (rollingUpdate: object) => ({ spec: { updateStrategy: { rollingUpdate } } });

describe("daemon sets", () => {
  it("have upstream's defaults", () => {
    const { spec, status } = createdFrom(daemonSets, base);
    expect(spec).toMatchObject({
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    });
    expect(status).toEqual({
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    });
  });

  it("count the generations of their template in an annotation, which nobody else writes", () => {
    const previous = createdFrom(daemonSets, base, {
      metadata: { annotations: { [GENERATION]: "4" } },
    }) as DaemonSet;
    expect(previous.metadata.annotations).toEqual({ [GENERATION]: "4" });
    const update = (change: (set: typeof previous) => void) => {
      const next = structuredClone(previous);
      delete next.metadata.annotations;
      change(next);
      daemonSets.prepareForUpdate!(next, previous);
      return next.metadata.annotations![GENERATION];
    };
    expect(update((set) => (set.spec.minReadySeconds = 3))).toBe("4");
    expect(update((set) => (set.spec.template.spec!.containers[0]!.image = "i:2"))).toBe("5");
    const status = structuredClone(previous);
    status.metadata.annotations = { [GENERATION]: "9" };
    daemonSets.prepareForStatusUpdate!(status, previous);
    expect(status.metadata.annotations).toEqual({ [GENERATION]: "4" });
    expect(createdFrom(daemonSets, base).metadata.annotations).toEqual({ [GENERATION]: "1" });
  });

  it.each(
    rows([
      [{}],
      [rolling({ maxUnavailable: 0, maxSurge: "20%" })],
      [
        rolling({ maxUnavailable: 1, maxSurge: 1 }),
        'Invalid spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: intstr.IntOrString{Type:0, IntVal:1, StrVal:""}: may not be set when maxUnavailable is non-zero',
      ],
      [
        rolling({ maxUnavailable: "0%" }),
        "Required spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
      ],
      [
        rolling({ maxUnavailable: "101%" }),
        'Invalid spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"101%"}: must not be greater than 100%',
      ],
      [
        { spec: { updateStrategy: { type: "Odd" } } },
        'NotSupported spec.updateStrategy: Unsupported value: apps.DaemonSetUpdateStrategy{Type:"Odd", RollingUpdate:(*apps.RollingUpdateDaemonSet)(nil)}: supported values: "RollingUpdate", "OnDelete"',
      ],
      [
        { spec: { selector: null } },
        'Invalid spec.template.metadata.labels: Invalid value: map[string]string{"app":"agent"}: `selector` does not match template `labels`',
      ],
      [
        { spec: { template: { spec: { activeDeadlineSeconds: 1 } } } },
        "Forbidden spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported",
      ],
    ]),
  )("are refused on create with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(daemonSets, base, change)).toEqual(errors);
  });

  const NEGATIVE = "Invalid spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0";
  it.each(
    rows([
      [{ spec: { template: { spec: { containers: [{ name: "c", image: "i:2" }] } } } }],
      [{ spec: { minReadySeconds: -1 } }, NEGATIVE, NEGATIVE],
      [
        { spec: { selector: { matchExpressions: [{ key: "app", operator: "Exists" }] } } },
        'Invalid spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"agent"}, MatchExpressions:[]v1.LabelSelectorRequirement{v1.LabelSelectorRequirement{Key:"app", Operator:"Exists", Values:[]string(nil)}}}: field is immutable',
      ],
    ]),
  )("are refused on update with $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(daemonSets, base, change)).toEqual(errors);
  });

  it("have a status of counts that are not negative", () => {
    expect(refusalsOnStatusUpdate(daemonSets, base, { status: { numberReady: 5 } })).toEqual([]);
    expect(refusalsOnStatusUpdate(daemonSets, base, { status: { numberAvailable: -1 } })).toEqual([
      "Invalid status.numberAvailable: Invalid value: -1: must be greater than or equal to 0",
    ]);
  });

  it("show their rows", () => {
    const set = createdFrom(daemonSets, base, {
      spec: { template: { spec: { nodeSelector: { disk: "ssd" } } } },
    });
    set.status = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1, numberAvailable: 1 };
    const { rows: shown } = toTable(daemonSets, [set], { nowMs: Date.parse("2024-05-01T11:02:05Z") });
    expect(shown[0]!.cells).toEqual(["agent", 3, 2, 1, 0, 1, "disk=ssd", "2m5s", "c", "i:1", "app=agent"]);
  });
});
