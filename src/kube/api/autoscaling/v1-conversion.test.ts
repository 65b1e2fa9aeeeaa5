import { describe, expect, it } from "vitest";
import type { HorizontalPodAutoscaler, V2HorizontalPodAutoscaler } from "../generated/types.ts";
import { createdFrom } from "../testing/refusals.ts";
import { horizontalPodAutoscalers } from "./horizontal-pod-autoscaler.ts";
import { horizontalPodAutoscalersV1 } from "./horizontal-pod-autoscaler-v1.ts";
import { ROUND_TRIP } from "./round-trip-annotations.ts";
import { fromV2, toV2 } from "./v1-conversion.ts";

const scaleTargetRef = { kind: "Deployment", name: "d" };
const metadata = { name: "x", namespace: "n", annotations: { a: "b" } };
const v1 = (more: object = {}, annotations: Record<string, string> = {}): HorizontalPodAutoscaler =>
  ({
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    spec: { maxReplicas: 3, scaleTargetRef },
    ...more,
  }) as unknown as HorizontalPodAutoscaler;
const v2 = (spec: object, status: object = {}): V2HorizontalPodAutoscaler =>
  createdFrom(
    horizontalPodAutoscalers,
    { metadata, spec: { maxReplicas: 3, scaleTargetRef, ...spec } },
    {
      status,
    },
  ) as unknown as V2HorizontalPodAutoscaler;

const memory = (target: object) => ({ type: "Resource", resource: { name: "memory", target } });
const cpu = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

describe("an autoscaler of v1", () => {
  it("watches the CPU where it says nothing", () => {
    expect(toV2(v1()).spec.metrics).toEqual([cpu(80)]);
  });

  it("has its own share of the CPU after what the annotation tells", () => {
    const other = '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1024Mi"}}]';
    const one = v1(
      { spec: { maxReplicas: 3, scaleTargetRef, targetCPUUtilizationPercentage: 60 } },
      { [ROUND_TRIP.metrics]: other },
    );
    expect(toV2(one).spec.metrics).toEqual([memory({ type: "AverageValue", averageValue: "1Gi" }), cpu(60)]);
    expect(toV2(one).metadata.annotations).toEqual({ a: "b" });
  });

  it("is read in upper and lower case, as Go reads it", () => {
    const behavior = '{"scaleup":{"policies":[{"TYPE":"Pods","value":4,"periodSeconds":60}]}}';
    expect(toV2(v1({}, { [ROUND_TRIP.behavior]: behavior })).spec.behavior).toEqual({
      scaleUp: { policies: [{ type: "Pods", value: 4, periodSeconds: 60 }] },
    });
  });

  it("shows its annotations as the store has them", () => {
    const behavior = '{"ScaleUp":{"Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":60}]}}';
    const one = createdFrom(horizontalPodAutoscalersV1, v1({}, { [ROUND_TRIP.behavior]: behavior }));
    const { toStored, fromStored } = horizontalPodAutoscalersV1.storedAs!;
    const shown = fromStored(toStored(one as unknown as HorizontalPodAutoscaler));
    expect(shown.metadata.annotations).toEqual({
      a: "b",
      [ROUND_TRIP.behavior]:
        '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":60}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}',
    });
  });

  it("keeps no status of a client that makes it", () => {
    const one = createdFrom(
      horizontalPodAutoscalersV1,
      v1({ status: { currentReplicas: 2 } }, { [ROUND_TRIP.conditions]: '[{"type":"T","status":"True"}]' }),
    );
    expect(one.status).toEqual({ currentReplicas: 0, desiredReplicas: 0 });
    expect(one.metadata.annotations).toEqual({ a: "b" });
  });
});

describe("an autoscaler of v2 is shown in v1", () => {
  const selector = { matchLabels: { b: "2", a: "1<" }, matchExpressions: [{ operator: "Exists", key: "k" }] };

  it("with the metrics that v1 has no field for in Go's order of members", () => {
    const metrics = [
      cpu(50),
      {
        type: "Object",
        object: {
          target: { type: "Value", value: "2k" },
          metric: { selector, name: "r" },
          describedObject: { apiVersion: "v1", kind: "Service", name: "s" },
        },
      },
      { type: "Pods", pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } } },
      {
        type: "ContainerResource",
        containerResource: {
          container: "c",
          name: "cpu",
          target: { type: "Utilization", averageUtilization: 5 },
        },
      },
      {
        type: "External",
        external: { metric: { name: "q" }, target: { type: "AverageValue", averageValue: "30" } },
      },
    ];
    const { spec, metadata: shown } = fromV2(v2({ metrics }));
    expect(spec.targetCPUUtilizationPercentage).toBe(50);
    expect(shown.annotations![ROUND_TRIP.metrics]).toBe(
      '[{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"r","targetValue":"2k","selector":{"matchLabels":{"a":"1\\u003c","b":"2"},"matchExpressions":[{"key":"k","operator":"Exists"}]}}},' +
        '{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"1"}},' +
        '{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageUtilization":5,"container":"c"}},' +
        '{"type":"External","external":{"metricName":"q","targetAverageValue":"30"}}]',
    );
  });

  it("and is the same when it comes back", () => {
    const metrics = [
      memory({ type: "Utilization", averageUtilization: 7 }),
      {
        type: "Object",
        object: {
          target: { type: "AverageValue", value: "0", averageValue: "3" },
          metric: { name: "r", selector },
          describedObject: { kind: "Service", name: "s" },
        },
      },
    ];
    const status = {
      desiredReplicas: 2,
      currentReplicas: 1,
      observedGeneration: 3,
      currentMetrics: [
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 9, averageValue: "0" } },
        },
        { type: "External", external: { metric: { name: "q" }, current: { value: "4" } } },
      ],
      conditions: [
        { type: "AbleToScale", status: "True", lastTransitionTime: "2024-01-01T00:00:00Z", reason: "R" },
      ],
    };
    const before = {
      ...v2({ metrics, behavior: { scaleDown: { selectPolicy: "Min" } } }),
      apiVersion: "autoscaling/v2",
      status,
    };
    const view = fromV2(before);
    expect(view.status).toEqual({
      currentReplicas: 1,
      desiredReplicas: 2,
      observedGeneration: 3,
      currentCPUUtilizationPercentage: 9,
    });
    expect(toV2(view)).toEqual(before);
  });
});
