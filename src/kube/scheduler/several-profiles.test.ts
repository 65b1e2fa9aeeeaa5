import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import { events, nodes, pods as podsResource } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createEventRecorder, createInformerFactory, type EventRecorder } from "../client/index.ts";
import { eventually } from "../controllers/testing/eventually.ts";
import { readSchedulerConfiguration } from "./config/index.ts";
import { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
import { createScheduler } from "./scheduler.ts";

const CONFIGURATION = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
podInitialBackoffSeconds: 2
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  plugins:
    preEnqueue:
      disabled: [{name: SchedulingGates}]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy: {type: MostAllocated}
`;

describe("a scheduler of several profiles", () => {
  let server: TestServer;
  let stop: () => Promise<void>;
  let metrics: SchedulerMetrics;
  beforeEach(async () => {
    metrics = new SchedulerMetrics(systemClock);
    server = await startTestServer();
    const over = new AbortController();
    const client = server.as({ name: "system:kube-scheduler", groups: ["system:authenticated"] });
    const informers = createInformerFactory(client, { logger: silentLogger });
    const recorders: EventRecorder[] = [];
    const service = createScheduler({
      client,
      informers,
      recorderFor: (component) => {
        const recorder = createEventRecorder({ client, component, clock: systemClock, logger: silentLogger });
        recorders.push(recorder);
        return recorder;
      },
      configuration: readSchedulerConfiguration(CONFIGURATION),
      metrics,
      logger: silentLogger,
      clock: systemClock,
    });
    for (const name of ["a", "b"]) await addNode(name);
    const work = [informers.run(over.signal), service.run({ signal: over.signal, ready: () => {} })];
    stop = async () => {
      over.abort();
      await Promise.all([...work, ...recorders.map((one) => one.stop())]);
    };
  });
  afterEach(async () => {
    await stop();
    await server.stop();
  });

  const addNode = async (name: string): Promise<void> => {
    await server.client.create(nodes, { metadata: { name }, spec: {} });
    await server.client.patch(nodes, undefined, name, "merge", { spec: { taints: null } });
    const status = {
      capacity: { cpu: "4", memory: "4Gi", pods: "9" },
      allocatable: { cpu: "4", memory: "4Gi", pods: "9" },
    };
    await server.client.patch(nodes, undefined, name, "merge", { status }, { subresource: "status" });
  };
  const add = (name: string, schedulerName: string, spec: object = {}) =>
    server.client.create(podsResource, {
      metadata: { name, namespace: "default" },
      spec: {
        schedulerName,
        containers: [{ name: "c", image: "i", resources: { requests: { cpu: "500m" } } }],
        ...spec,
      },
    });
  const nodeOf = async (name: string): Promise<string | undefined> =>
    (await server.client.get<Pod>(podsResource, "default", name)).spec.nodeName;
  const placed = (name: string) => eventually(async () => expect(await nodeOf(name)).toBeDefined());

  it("treats pods as the profile that they name, tells events in its name, and leaves others alone", async () => {
    await add("foreign", "somebody-else");
    await add("spread-0", "default-scheduler");
    await placed("spread-0");
    for (const name of ["packed-0", "packed-1", "packed-2"]) {
      await add(name, "packing");
      await placed(name);
      expect(await nodeOf(name)).toBe(await nodeOf("spread-0"));
    }
    await add("spread-1", "default-scheduler");
    await placed("spread-1");
    expect(await nodeOf("spread-1")).not.toBe(await nodeOf("spread-0"));
    expect(await nodeOf("foreign")).toBeUndefined();
    await eventually(async () => {
      const told = (await server.client.list(events, { namespace: "default" })).items;
      const from = (name: string) =>
        told.filter((one) => one.involvedObject.name === name).map((one) => one.source?.component);
      expect([from("packed-0"), from("spread-0"), from("foreign")]).toEqual([
        ["packing"],
        ["default-scheduler"],
        [],
      ]);
    });
  });

  it("counts what it does by upstream's names", async () => {
    await add("held", "default-scheduler", { schedulingGates: [{ name: "a.b/c" }] });
    await add("large", "packing", {
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "5" } } }],
    });
    await add("fits", "packing");
    await placed("fits");
    const told = (line: string) => eventually(async () => expect(metrics.lines()).toContain(line));
    await told('scheduler_pending_pods{queue="gated"} 1');
    await told('scheduler_pending_pods{queue="unschedulable"} 1');
    await told('scheduler_scheduler_cache_size{type="nodes"} 2');
    await told('scheduler_schedule_attempts_total{profile="packing",result="unschedulable"} 1');
    await told('scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"} 1');
    await told('scheduler_goroutines{operation="binding"} 0');
    const text = metrics.lines().join("\n");
    for (const part of [
      'scheduler_schedule_attempts_total{profile="packing",result="scheduled"}',
      'scheduler_scheduling_attempt_duration_seconds_count{profile="packing",result="scheduled"}',
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="Filter",profile="packing",status="Unschedulable"} 1',
      'scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"}',
      'scheduler_queue_incoming_pods_total{event="UnschedulablePodAdd",queue="active"}',
      'scheduler_queue_incoming_pods_total{event="ScheduleAttemptFailure",queue="unschedulable"}',
      "scheduler_preemption_attempts_total 1",
      "scheduler_pod_scheduling_attempts_sum ",
      'scheduler_cache_size{type="nodes"} 2',
      'scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="packing"} 1',
      'scheduler_unschedulable_pods{plugin="SchedulingGates",profile="default-scheduler"} 1',
      // Nothing lets the pod that is too large come further than to the second of these.
      'scheduler_plugin_evaluation_total{extension_point="Filter",plugin="NodeResourcesFit",profile="packing"}',
      'scheduler_plugin_evaluation_total{extension_point="Score",plugin="NodeResourcesFit",profile="packing"} 2',
      'scheduler_plugin_execution_duration_seconds_count{extension_point="Filter",plugin=',
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="Bind",profile="packing",status="Success"}',
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="PreBind",profile="packing",status="Success"}',
      'scheduler_event_handling_duration_seconds_count{event="UnschedulablePodAdd"} 3',
    ])
      expect(text).toContain(part);
  });

  it("tells which events wake a waiting pod, and what its plugins thought of them", async () => {
    await add("large", "packing", {
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "5" } } }],
    });
    const told = (part: string) => eventually(async () => expect(metrics.lines().join("\n")).toContain(part));
    await told('scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="packing"} 1');
    const allocatable = (cpu: string) => ({ status: { allocatable: { cpu, memory: "4Gi", pods: "9" } } });
    const resize = (cpu: string) =>
      server.client.patch(nodes, undefined, "a", "merge", allocatable(cpu), { subresource: "status" });
    const hint = (which: string): string =>
      `scheduler_queueing_hint_execution_duration_seconds_count{event="NodeUpdateNodeAllocatable",hint="${which}",plugin="NodeResourcesFit"}`;
    await resize("3");
    await told(hint("QueueSkip"));
    await resize("6");
    await told(hint("Queue"));
    await placed("large");
    await told('scheduler_queue_incoming_pods_total{event="NodeUpdateNodeAllocatable",queue="');
    await told('scheduler_event_handling_duration_seconds_count{event="NodeUpdateNodeAllocatable"}');
    await eventually(async () =>
      expect(metrics.lines().join("\n")).not.toContain("scheduler_unschedulable_pods{"),
    );
  });
});
