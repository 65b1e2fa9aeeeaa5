import { describe, expect, it } from "vitest";
import type { Deployment, ReplicaSet } from "../generated/types.ts";
import { toTable } from "../table.ts";
import { deployments } from "./deployment.ts";
import { replicaSets } from "./replica-set.ts";

const labels = { app: "web" };
const template = () => ({
  metadata: { labels: { ...labels } },
  spec: { containers: [{ name: "a", image: "x:1" }] },
});

function makeDeployment(spec: object = {}): Deployment {
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", creationTimestamp: "2024-05-01T11:00:00Z" },
    spec: { selector: { matchLabels: { ...labels } }, template: template(), ...spec },
  } as unknown as Deployment;
  deployments.defaults!(deployment);
  return deployment;
}

const errorsOf = (spec: object) =>
  deployments.validate!(makeDeployment(spec)).map((one) => `${one.field}: ${one.message}`);

describe("deployments", () => {
  it("have upstream's defaults", () => {
    const { spec } = makeDeployment();
    expect(spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
    });
    expect(spec.template.metadata).toEqual({ creationTimestamp: null, labels });
    expect(makeDeployment({ strategy: { type: "Recreate" } }).spec.strategy).toEqual({ type: "Recreate" });
  });

  it("are valid as people write them", () => {
    expect(errorsOf({})).toEqual([]);
  });

  it.each([
    [{ replicas: -1 }, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]],
    [
      { selector: undefined },
      [
        "spec.selector: Required value",
        'spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      { selector: {} },
      [
        "spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for deployment",
      ],
    ],
    [
      { selector: { matchLabels: { app: "db" } } },
      [
        'spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } },
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: may not be 0 when `maxSurge` is 0',
      ],
    ],
    [
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "a lot" } } },
      [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:\"a lot\"}: a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
    [
      { strategy: { type: "Recreate", rollingUpdate: {} } },
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      { template: { ...template(), spec: { ...template().spec, restartPolicy: "Never" } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      { progressDeadlineSeconds: 5, minReadySeconds: 10 },
      ["spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"],
    ],
  ])("refuse %j", (spec, expected) => {
    expect(errorsOf(spec)).toEqual(expected);
  });

  it("keep their selector", () => {
    const next = makeDeployment({ selector: { matchLabels: { app: "web", tier: "x" } } });
    expect(deployments.validateUpdate!(next, makeDeployment())).toMatchObject([
      {
        field: "spec.selector",
        message:
          'Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web", "tier":"x"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
      },
    ]);
  });

  it("show their rows, and those of their replica sets", () => {
    const deployment = makeDeployment({ replicas: 3 });
    deployment.status = { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 };
    const options = { nowMs: Date.parse("2024-05-01T11:02:05Z") };
    expect(toTable(deployments, [deployment], options).rows[0]!.cells).toEqual([
      "web",
      "2/3",
      3,
      2,
      "2m5s",
      "a",
      "x:1",
      "app=web",
    ]);
    const set = {
      ...deployment,
      kind: "ReplicaSet",
      status: { replicas: 3, readyReplicas: 2 },
    } as unknown as ReplicaSet;
    expect(toTable(replicaSets, [set], options).rows[0]!.cells).toEqual([
      "web",
      3,
      3,
      2,
      "2m5s",
      "a",
      "x:1",
      "app=web",
    ]);
  });

  it("take no status from a client", () => {
    const deployment = makeDeployment();
    deployment.status = { replicas: 7 };
    deployments.prepareForCreate!(deployment);
    expect(deployment.status).toEqual({});
    const next = makeDeployment();
    next.status = { replicas: 9 };
    deployments.prepareForUpdate!(next, { ...makeDeployment(), status: { replicas: 1 } } as Deployment);
    expect(next.status).toEqual({ replicas: 1 });
  });
});
