import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rfc3339Seconds } from "../../../base/index.ts";
import {
  apiServices,
  deployments,
  events,
  horizontalPodAutoscalers,
  pods,
  type V2HorizontalPodAutoscaler,
} from "../../api/index.ts";
import type { MetricSeries } from "../../client/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { deployment, pod } from "../testing/objects.ts";
import { createCustomMetricsClient } from "./custom-metrics-client.ts";
import { createHorizontalPodAutoscalerController } from "./index.ts";

const web = { apiVersion: "v1", kind: "Service", name: "web" };
const hits = { name: "hits" };
const onlyBad = { name: "hits", selector: { matchLabels: { code: "500" } } };
const average = (averageValue: string) => ({ type: "AverageValue", averageValue });
const value = (amount: string) => ({ type: "Value", value: amount });

describe("a HorizontalPodAutoscaler by figures that pods tell", () => {
  let plane: ControlPlane;
  let namespace: string;
  let running: Running;
  let told: Map<string, MetricSeries[]>;

  beforeAll(async () => {
    const names = () => [...told.keys()].map((name) => ({ name, isOfService: true }));
    const series = (of: string, metric: string) => (of === namespace ? (told.get(metric) ?? []) : []);
    plane = await ControlPlane.start({ metricSource: () => ({ names, series }) });
  });
  beforeEach(async () => {
    await running?.stop();
    namespace = await plane.namespace();
    told = new Map();
    running = await plane.run({ "horizontal-pod-autoscaler": createHorizontalPodAutoscalerController });
    await plane.client.create(deployments, deployment("web", namespace, 2));
    const status = { replicas: 2, observedGeneration: 1 };
    await plane.client.patch(deployments, namespace, "web", "merge", { status }, { subresource: "status" });
    const startTime = rfc3339Seconds(Date.now() - 3600_000);
    for (const name of ["web-0", "web-1"]) {
      await plane.client.create(pods, pod(name, namespace, { app: "web" }));
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: startTime }];
      const status = { phase: "Running", startTime, conditions };
      await plane.client.patch(pods, namespace, name, "merge", { status }, { subresource: "status" });
    }
  });
  afterAll(() => plane.stop());

  const tell = (metric: string, ...values: [pod: string, code: string, value: number][]) =>
    told.set(
      metric,
      values.map(([name, code, amount]) => ({
        pod: name,
        services: ["web"],
        labels: { code },
        value: amount,
        atMs: Date.now(),
      })),
    );
  const create = (metric: object) =>
    plane.client.create(horizontalPodAutoscalers, {
      metadata: { name: "web", namespace },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
        maxReplicas: 9,
        behavior: { scaleUp: { policies: [{ type: "Percent", value: 900, periodSeconds: 15 }] } },
        metrics: [metric],
      },
    });
  const get = (): Promise<V2HorizontalPodAutoscaler> =>
    plane.client.get(horizontalPodAutoscalers, namespace, "web");
  const replicas = async () => (await plane.client.get(deployments, namespace, "web")).spec.replicas;

  it.each<[string, object, number, object, string]>([
    [
      "of its pods",
      { type: "Pods", pods: { metric: hits, target: average("5") } },
      4,
      { type: "Pods", pods: { metric: hits, current: { averageValue: "10" } } },
      "pods metric hits",
    ],
    [
      "of its pods, of some labels",
      { type: "Pods", pods: { metric: onlyBad, target: average("1") } },
      6,
      { type: "Pods", pods: { metric: onlyBad, current: { averageValue: "3" } } },
      "pods metric hits",
    ],
    [
      "of a Service",
      { type: "Object", object: { describedObject: web, metric: hits, target: value("5") } },
      8,
      { type: "Object", object: { describedObject: web, metric: hits, current: { value: "20" } } },
      "Service metric hits",
    ],
    [
      "of a Service, a share for each replica",
      { type: "Object", object: { describedObject: web, metric: hits, target: average("4") } },
      5,
      { type: "Object", object: { describedObject: web, metric: hits, current: { averageValue: "10" } } },
      "external metric hits(nil)",
    ],
    [
      "of the namespace",
      {
        type: "Object",
        object: {
          describedObject: { apiVersion: "v1", kind: "Namespace", name: "any" },
          metric: onlyBad,
          target: value("3"),
        },
      },
      4,
      { type: "Object", object: { metric: onlyBad, current: { value: "6" } } },
      "Namespace metric hits",
    ],
    [
      "of no object, a share for each replica",
      { type: "External", external: { metric: onlyBad, target: average("2") } },
      3,
      { type: "External", external: { metric: onlyBad, current: { averageValue: "3" } } },
      "external metric hits(&LabelSelector{MatchLabels:map[string]string{code: 500,},MatchExpressions:[]LabelSelectorRequirement{},})",
    ],
    [
      "of no object",
      { type: "External", external: { metric: hits, target: value("10") } },
      4,
      { type: "External", external: { metric: hits, current: { value: "20" } } },
      "external metric hits(nil)",
    ],
  ])("scales by a figure %s", async (_, metric, wanted, current, name) => {
    tell("hits", ["web-0", "200", 12], ["web-0", "500", 2], ["web-1", "200", 2], ["web-1", "500", 4]);
    await create(metric);
    await eventually(async () => expect(await replicas()).toBe(wanted));
    await eventually(async () => expect((await get()).status?.currentMetrics).toMatchObject([current]));
    const { conditions = [] } = (await get()).status ?? {};
    expect(conditions.find(({ type }) => type === "ScalingActive")).toMatchObject({
      status: "True",
      reason: "ValidMetricFound",
      message: `the HPA was able to successfully calculate a replica count from ${name}`,
    });
    await eventually(async () =>
      expect((await plane.client.list(events, { namespace })).items.map(({ message }) => message)).toContain(
        `New size: ${wanted}; reason: ${name} above target`,
      ),
    );
  });

  it.each<[string, object, string, string]>([
    [
      "the object tells no such figure",
      { type: "Object", object: { describedObject: web, metric: { name: "none" }, target: value("5") } },
      "FailedGetObjectMetric",
      "unable to get metric none: unable to fetch metrics from custom metrics API: the server could not find the metric none for services web on Service NS/web",
    ],
    [
      "the object is of no kind",
      {
        type: "Object",
        object: {
          describedObject: { apiVersion: "apps/v1", kind: "Rocket", name: "a" },
          metric: hits,
          target: value("5"),
        },
      },
      "FailedGetObjectMetric",
      'unable to get metric hits: unable to fetch metrics from custom metrics API: unable to map kind Rocket.apps to resource: no matches for kind "Rocket" in group "apps" on Rocket NS/a',
    ],
    [
      "no pod tells it",
      { type: "Pods", pods: { metric: onlyBad, target: average("1") } },
      "FailedGetPodsMetric",
      "unable to get metric hits: no metrics returned from custom metrics API",
    ],
    [
      "nobody in the namespace tells it",
      { type: "External", external: { metric: onlyBad, target: average("1") } },
      "FailedGetExternalMetric",
      "failed to get hits external metric: unable to get external metric NS/hits/&LabelSelector{MatchLabels:map[string]string{code: 500,},MatchExpressions:[]LabelSelectorRequirement{},}: no metrics returned from external metrics API",
    ],
  ])("tells that %s", async (_, metric, reason, why) => {
    tell("hits", ["web-0", "200", 12]);
    await create(metric);
    const message = why.replaceAll("NS", namespace);
    await eventually(async () =>
      expect((await get()).status?.conditions).toContainEqual(
        expect.objectContaining({
          type: "ScalingActive",
          status: "False",
          reason,
          message: `the HPA was unable to compute the replica count: ${message}`,
        }),
      ),
    );
    expect(await replicas()).toBe(2);
  });

  it("asks whoever has taken the figures over", async () => {
    tell("hits", ["web-0", "200", 12], ["web-1", "200", 12]);
    const name = "v1beta1.external.metrics.k8s.io";
    const own = await plane.client.get(apiServices, undefined, name);
    const service = { namespace: "default", name: "keda", port: 443 };
    await plane.client.update(apiServices, { ...own, spec: { ...own.spec, service } });
    await create({ type: "External", external: { metric: hits, target: value("10") } });
    await eventually(async () =>
      expect((await get()).status?.conditions?.map(({ message }) => message)).toContainEqual(
        expect.stringMatching(
          /unable to fetch metrics from external metrics API: the server is currently unable to handle the request/,
        ),
      ),
    );
    await plane.client.delete(apiServices, undefined, name);
  });

  it("knows when nobody serves the API", async () => {
    const { client, server } = plane;
    const nobody = { get: () => undefined } as never;
    const custom = createCustomMetricsClient({ client, kinds: server.api.kinds, apiServices: nobody });
    await expect(custom.ofPods({ name: "hits", selector: "" }, namespace, "")).rejects.toThrow(
      "no custom metrics API (custom.metrics.k8s.io) registered",
    );
  });
});
