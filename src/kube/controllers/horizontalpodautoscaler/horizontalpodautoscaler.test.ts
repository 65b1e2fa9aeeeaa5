import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rfc3339Seconds } from "../../../base/index.ts";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import {
  deployments,
  events,
  horizontalPodAutoscalers,
  horizontalPodAutoscalersV1,
  podMetrics,
  pods,
  type V2HorizontalPodAutoscaler,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import {
  expectSameDespiteEventFaults,
  expectSameDespiteWriteFaults,
  reference,
  type Scenario,
} from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { WRITE_FAULTS } from "../testing/faults.ts";
import { deployment, pod } from "../testing/objects.ts";
import { createHorizontalPodAutoscalerController } from "./index.ts";

const controllers = { "horizontal-pod-autoscaler": createHorizontalPodAutoscalerController };
const LOOK_MS = 15_000;
const CPU = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
};

function autoscaler(namespace: string, spec: object = {}, name = "web") {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  return { metadata: { name, namespace }, spec: { scaleTargetRef, maxReplicas: 5, metrics: [CPU], ...spec } };
}

describe("a HorizontalPodAutoscaler", () => {
  let plane: ControlPlane;
  let namespace: string;
  let clock: ManualClock;
  let running: Running;
  /** Thousandths of a processor that each pod uses; absent: nothing is known. */
  let usages: Map<string, number>;
  let looks: number;

  beforeAll(async () => {
    plane = await ControlPlane.start();
  });
  beforeEach(async () => {
    await running?.stop();
    namespace = await plane.namespace();
    clock = new ManualClock(Math.ceil(Date.now() / 1000) * 1000);
    usages = new Map();
    looks = 0;
    running = await plane.run(controllers, { clock, wrapClient: withFigures });
  });
  afterAll(() => plane.stop());

  const figures = () =>
    [...usages].map(([name, milli]) => ({
      metadata: { name, namespace },
      timestamp: rfc3339Seconds(clock.nowMs()),
      window: "15s",
      containers: [{ name: "web", usage: { cpu: `${milli}m`, memory: "1Mi" } }],
    }));
  /** In place of a node's figures. */
  const withFigures = (client: KubeClient): KubeClient =>
    new Proxy(client, {
      get(target, method) {
        const own = Reflect.get(target, method).bind(target);
        if (method !== "list") return own;
        return async (resource: { kind: string }, options: { namespace?: string }) => {
          if (resource.kind !== podMetrics.kind) return own(resource, options);
          // Those of the tests before go on.
          if (options.namespace === namespace) looks++;
          return { items: figures() };
        };
      },
    });

  const addPods = async (...milli: (number | undefined)[]): Promise<void> => {
    const startTime = rfc3339Seconds(clock.nowMs() - 3600_000);
    for (const [index, usage] of milli.entries()) {
      const name = `web-${index}`;
      const container = { name: "web", image: "web:1", resources: { requests: { cpu: "1" } } };
      await plane.client.create(pods, pod(name, namespace, { app: "web" }, { containers: [container] }));
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: startTime }];
      const status = { phase: "Running", startTime, conditions };
      await plane.client.patch(pods, namespace, name, "strategic", { status }, { subresource: "status" });
      if (usage !== undefined) usages.set(name, usage);
    }
    await eventually(() =>
      expect([...running.informers.informer(pods).list(namespace)]).toHaveLength(milli.length),
    );
  };
  const addTarget = async (replicas: number): Promise<void> => {
    await plane.client.create(deployments, deployment("web", namespace, replicas));
    const status = { replicas, observedGeneration: 1 };
    await plane.client.patch(deployments, namespace, "web", "merge", { status }, { subresource: "status" });
  };
  const create = (spec: object = {}, name = "web") =>
    plane.client.create(horizontalPodAutoscalers, autoscaler(namespace, spec, name));
  const get = (name = "web"): Promise<V2HorizontalPodAutoscaler> =>
    plane.client.get(horizontalPodAutoscalers, namespace, name);
  const replicas = async () => (await plane.client.get(deployments, namespace, "web")).spec.replicas;
  const conditions = async (name = "web") =>
    Object.fromEntries(
      ((await get(name)).status?.conditions ?? []).map(({ type, status, reason, message }) => [
        type,
        `${status} ${reason}: ${message}`,
      ]),
    );
  const news = async () =>
    (await plane.client.list(events, { namespace })).items.map(
      ({ type, reason, message }) => `${type} ${reason}: ${message}`,
    );

  it("scales by its pods' processor time, at once and every fifteen seconds", async () => {
    await addTarget(2);
    await addPods(900, 700);
    await create();
    await eventually(async () => expect(await replicas()).toBe(4));
    await eventually(async () => expect((await get()).status?.desiredReplicas).toBe(4));
    const { status } = await get();
    expect(status).toMatchObject({
      currentReplicas: 2,
      desiredReplicas: 4,
      lastScaleTime: rfc3339Seconds(clock.nowMs()),
      currentMetrics: [
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 80, averageValue: "800m" } },
        },
      ],
    });
    expect(await conditions()).toEqual({
      AbleToScale: "True SucceededRescale: the HPA controller was able to update the target scale to 4",
      ScalingActive:
        "True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
      ScalingLimited: "False DesiredWithinRange: the desired count is within the acceptable range",
    });
    await eventually(async () =>
      expect(await news()).toContain(
        "Normal SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target",
      ),
    );
    const v1 = await plane.client.get(horizontalPodAutoscalersV1, namespace, "web");
    expect(v1.status).toMatchObject({ currentCPUUtilizationPercentage: 80, desiredReplicas: 4 });

    // Nothing happens in between, whatever is written of it.
    const before = looks;
    await clock.advance(LOOK_MS - 1000);
    expect(looks).toBe(before);
    await clock.advance(1000);
    await eventually(() => expect(looks).toBe(before + 1));
  });

  it("goes down when five minutes have passed without need", async () => {
    await addTarget(4);
    await addPods(100, 100, 100, 100);
    await create();
    await eventually(async () =>
      expect((await conditions()).AbleToScale).toMatch(
        /^True ScaleDownStabilized: recent recommendations were higher/,
      ),
    );
    for (let passed = 0; passed < 285_000; passed += LOOK_MS) await clock.advance(LOOK_MS);
    expect(await replicas()).toBe(4);
    await clock.advance(2 * LOOK_MS);
    await eventually(async () => expect(await replicas()).toBe(1));
    await eventually(async () =>
      expect(await news()).toContain(
        "Normal SuccessfulRescale: New size: 1; reason: All metrics below target",
      ),
    );
  });

  it.each([
    [8, {}, 5, "Current number of replicas above Spec.MaxReplicas"],
    [1, { minReplicas: 3 }, 3, "Current number of replicas below Spec.MinReplicas"],
  ])("holds %s replicas to its bounds without any metrics", async (from, spec, to, reason) => {
    await addTarget(from);
    await create(spec);
    await eventually(async () => expect(await replicas()).toBe(to));
    await eventually(async () =>
      expect(await news()).toContain(`Normal SuccessfulRescale: New size: ${to}; reason: ${reason}`),
    );
    expect(looks).toBe(0);
  });

  it("leaves alone what was scaled to nothing", async () => {
    await addTarget(0);
    await create();
    await eventually(async () =>
      expect((await conditions()).ScalingActive).toBe(
        "False ScalingDisabled: scaling is disabled since the replica count of the target is zero",
      ),
    );
    expect(await replicas()).toBe(0);
  });

  it.each<[string, object[], string, string]>([
    [
      "FailedGetResourceMetric",
      [CPU],
      "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API",
      "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API",
    ],
    [
      "FailedGetPodsMetric",
      [
        {
          type: "Pods",
          pods: { metric: { name: "hits" }, target: { type: "AverageValue", averageValue: "5" } },
        },
      ],
      "unable to get metric hits: unable to fetch metrics from custom metrics API: the server could not find the metric hits for pods",
      "invalid metrics (1 invalid out of 1), first error is: failed to get pods metric value: unable to get metric hits: unable to fetch metrics from custom metrics API: the server could not find the metric hits for pods",
    ],
    [
      "FailedGetExternalMetric",
      [
        {
          type: "External",
          external: {
            metric: { name: "queue", selector: { matchLabels: { a: "b" } } },
            target: { type: "Value", value: "5" },
          },
        },
        CPU,
      ],
      "failed to get external metric queue: unable to get external metric NS/queue/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the metric queue",
      "invalid metrics (2 invalid out of 2), first error is: failed to get queue external metric value: failed to get external metric queue: unable to get external metric NS/queue/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the metric queue",
    ],
  ])("tells why it has no figure: %s", async (reason, metrics, why, all) => {
    await addTarget(2);
    await addPods(undefined, undefined);
    await create({ metrics });
    const of = (text: string) => text.replaceAll("NS", namespace);
    await eventually(async () =>
      expect((await conditions()).ScalingActive).toBe(
        `False ${reason}: the HPA was unable to compute the replica count: ${of(why)}`,
      ),
    );
    await eventually(async () =>
      expect(await news()).toEqual(
        expect.arrayContaining([
          `Warning ${reason}: ${of(why)}`,
          `Warning FailedComputeMetricsReplicas: ${of(all)}`,
        ]),
      ),
    );
    expect((await get()).status?.currentReplicas).toBe(2);
    expect(await replicas()).toBe(2);
  });

  it("grows by the metrics that there are, and does not shrink without the others", async () => {
    const missing = {
      type: "Pods",
      pods: { metric: { name: "hits" }, target: { type: "AverageValue", averageValue: "5" } },
    };
    await addTarget(2);
    await addPods(900, 900);
    await create({ metrics: [missing, CPU] });
    await eventually(async () => expect(await replicas()).toBe(4));
    for (const name of usages.keys()) usages.set(name, 10);
    await clock.advance(10 * 60_000);
    expect(await replicas()).toBe(4);
    await eventually(async () =>
      expect((await conditions()).ScalingActive).toMatch(/^False FailedGetPodsMetric/),
    );
  });

  it("tells that its target is of no kind, or is not there", async () => {
    const target = (kind: string) => ({ scaleTargetRef: { apiVersion: "apps/v1", kind, name: "none" } });
    await create(target("Rocket"), "rocket");
    await create(target("Deployment"), "none");
    const prefix = "False FailedGetScale: the HPA controller was unable to get the target's current scale:";
    await eventually(async () =>
      expect([await conditions("rocket"), await conditions("none")]).toEqual([
        { AbleToScale: `${prefix} no matches for kind "Rocket" in group "apps"` },
        { AbleToScale: `${prefix} deployments.apps "none" not found` },
      ]),
    );
  });

  it("does not scale pods that another one scales", async () => {
    await addTarget(2);
    await addPods(900, 900);
    await create({}, "one");
    await eventually(async () => expect(await replicas()).toBe(4));
    await create({}, "two");
    await eventually(async () =>
      expect((await conditions("two")).ScalingActive).toBe(
        `False AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [{one ${namespace}} {two ${namespace}}]`,
      ),
    );
  });
});

describe("the autoscaler under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async play({ client, namespace }) {
      await client.create(deployments, deployment("web", namespace, 9));
      await client.create(horizontalPodAutoscalers, autoscaler(namespace));
    },
    async outcome({ client, namespace }) {
      const { spec } = await client.get(deployments, namespace, "web");
      const { status } = await client.get(horizontalPodAutoscalers, namespace, "web");
      return [spec.replicas, status?.conditions?.find(({ type }) => type === "AbleToScale")?.status];
    },
  };
  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual([5, "True"]);
  });

  for (const mode of WRITE_FAULTS) {
    it(`comes to the same state when any write is ${mode}`, async () => {
      expect(await expectSameDespiteWriteFaults(plane, scenario, expected, mode)).toBeGreaterThan(1);
    });
  }

  for (const mode of ["doubled", "late"] as const) {
    it(`comes to the same state when any event is ${mode}`, async () => {
      await expectSameDespiteEventFaults(plane, scenario, expected, mode);
    });
  }
});
