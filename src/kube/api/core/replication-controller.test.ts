import { describe, expect, it } from "vitest";
import { toTable } from "../table.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
  warningsOnCreate,
} from "../testing/refusals.ts";
import { podTemplates } from "./pod-template.ts";
import { replicationControllers } from "./replication-controller.ts";

const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i:1" }] } };
const metadata = { name: "web", namespace: "n", creationTimestamp: "2024-05-01T11:00:00Z" };
const base = { metadata, spec: { template } };
const nowMs = Date.parse("2024-05-01T11:02:05Z");

describe("replication controllers", () => {
  it("take selector and labels from their template", () => {
    const controller = createdFrom(replicationControllers, base);
    expect(controller.spec).toMatchObject({ replicas: 1, selector: labels });
    expect(controller.metadata.labels).toEqual(labels);
    const own = { metadata: { labels: { a: "b" } }, spec: { selector: { app: "web" } } };
    expect(createdFrom(replicationControllers, base, own).metadata.labels).toEqual({ a: "b" });
  });

  it.each(
    rows([
      [{}],
      [
        { spec: { template: null } },
        "Required spec.selector: Required value",
        "Required spec.template: Required value",
      ],
      [
        { spec: { replicas: -1, minReadySeconds: -2 } },
        "Invalid spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0",
        "Invalid spec.replicas: Invalid value: -1: must be greater than or equal to 0",
      ],
      [
        { spec: { selector: { app: "db" } } },
        'Invalid spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
      ],
      [
        { spec: { template: { spec: { activeDeadlineSeconds: 5 } } } },
        "Forbidden spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported",
      ],
    ]),
  )("are refused on create with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(replicationControllers, base, change)).toEqual(errors);
  });

  it("tell twice on update what is wrong with them", () => {
    const negative = "Invalid spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    expect(refusalsOnUpdate(replicationControllers, base, { spec: { replicas: -1 } })).toEqual([
      negative,
      negative,
    ]);
  });

  it("have no more parts in their status than replicas", () => {
    expect(
      refusalsOnStatusUpdate(replicationControllers, base, { status: { fullyLabeledReplicas: 1 } }),
    ).toEqual([
      "Invalid status.fullyLabeledReplicas: Invalid value: 1: cannot be greater than status.replicas",
    ]);
  });

  it("warn on update of the template that was there", () => {
    const odd = { spec: { template: { spec: { terminationGracePeriodSeconds: -1 } } } };
    const why =
      "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1";
    expect(warningsOnCreate(replicationControllers, base, odd)).toEqual([why]);
    const oddBase = {
      metadata,
      spec: { template: { ...template, spec: { ...template.spec, ...odd.spec.template.spec } } },
    };
    const next = createdFrom(replicationControllers, base);
    const previous = {
      ...createdFrom(replicationControllers, oddBase),
      metadata: { ...next.metadata, generation: 7 },
    };
    expect(replicationControllers.warnings!(next as never, previous as never)).toEqual([why]);
  });

  it("show their rows, as templates do", () => {
    const controller = createdFrom(replicationControllers, base, { spec: { replicas: 2 } });
    controller.status = { replicas: 1, readyReplicas: 1 };
    const { rows: shown } = toTable(replicationControllers, [controller], { nowMs });
    expect(shown[0]!.cells).toEqual(["web", 2, 1, 1, "2m5s", "c", "i:1", "app=web"]);
    const { rows: templates } = toTable(podTemplates, [createdFrom(podTemplates, { metadata, template })], {
      nowMs,
    });
    expect(templates[0]!.cells).toEqual(["web", "c", "i:1", "app=web"]);
  });
});

describe("pod templates", () => {
  it("have the defaults of a template, and its rules", () => {
    expect(createdFrom(podTemplates, { metadata }).template).toMatchObject({
      metadata: { creationTimestamp: null },
      spec: { restartPolicy: "Always", dnsPolicy: "ClusterFirst" },
    });
    expect(refusalsOnCreate(podTemplates, { metadata, template }, {})).toEqual([]);
    expect(refusalsOnCreate(podTemplates, { metadata }, {})).toEqual([
      "Required template.spec.containers: Required value",
    ]);
  });
});
