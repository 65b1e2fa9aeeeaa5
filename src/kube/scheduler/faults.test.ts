import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../base/index.ts";
import {
  namespaces,
  nodes,
  type Pod,
  podCondition,
  pods,
  priorityClasses,
  serviceAccounts,
} from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createEventRecorder, createInformerFactory, type KubeClient } from "../client/index.ts";
import { eventually } from "../controllers/testing/eventually.ts";
import { EventFaults, onlyNamespace, WRITE_FAULTS, WriteFaults } from "../controllers/testing/faults.ts";
import { createScheduler } from "./index.ts";

const asScheduler = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
const WORLD = "world";
const HASTE = 50;

/** Back-offs are over soon. */
const hasty: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * HASTE,
  after: (delayMs, fn, options) => systemClock.after(delayMs / HASTE, fn, options),
  every: (periodMs, fn, options) => systemClock.every(periodMs / HASTE, fn, options),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs / HASTE, signal),
};

interface Wraps {
  client?: (client: KubeClient) => KubeClient;
  source?: (client: KubeClient) => KubeClient;
}

describe("the scheduler under faults", () => {
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startTestServer();
    for (const [name, value] of Object.entries({ low: 1, high: 100 }))
      await server.client.create(priorityClasses, { metadata: { name }, value });
  });
  afterAll(() => server.stop());

  /** A scheduler that sees one namespace and its node. */
  const run = (namespace: string, { client = same, source = same }: Wraps = {}): (() => Promise<void>) => {
    const over = new AbortController();
    const own = server.as(asScheduler);
    const factory = createInformerFactory(source(own), { logger: silentLogger });
    const recorder = createEventRecorder({
      client: own,
      component: "default-scheduler",
      clock: systemClock,
      logger: silentLogger,
    });
    const service = createScheduler({
      client: client(own),
      informers: onlyNamespace(factory, namespace, WORLD),
      recorderFor: () => recorder,
      logger: silentLogger,
      clock: hasty,
    });
    const work = [factory.run(over.signal), service.run({ signal: over.signal, ready: () => {} })];
    return async () => {
      over.abort();
      await Promise.all(work);
      await recorder.stop();
    };
  };

  const world = async (): Promise<string> => {
    const namespace = `w-${count++}`;
    await server.client.create(namespaces, { metadata: { name: namespace } });
    await server.client.create(serviceAccounts, { metadata: { name: "default", namespace } });
    const name = `n-${namespace}`;
    await server.client.create(nodes, { metadata: { name, labels: { [WORLD]: namespace } } });
    await server.client.patch(nodes, undefined, name, "merge", { spec: { taints: null } });
    const allocatable = { cpu: "1", memory: "1Gi", pods: "10" };
    await server.client.patch(
      nodes,
      undefined,
      name,
      "merge",
      { status: { capacity: allocatable, allocatable } },
      { subresource: "status" },
    );
    return namespace;
  };

  /** A pod takes the node, a more important one drives it out and a less important one waits. */
  const play = async (namespace: string): Promise<void> => {
    const { client } = server;
    const add = (name: string, priorityClassName: string, cpu: string) =>
      client.create(pods, {
        metadata: { name, namespace },
        spec: {
          priorityClassName,
          containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }],
        },
      });
    const until = (name: string, isSo: (pod: Pod) => boolean) =>
      eventually(async () => expect(isSo(await client.get(pods, namespace, name))).toBe(true));
    await add("guest", "low", "600m");
    await until("guest", ({ spec }) => Boolean(spec.nodeName));
    await add("vip", "high", "900m");
    await until("guest", ({ metadata }) => metadata.deletionTimestamp !== undefined);
    await add("patient", "low", "200m");
    await until("patient", (pod) => podCondition(pod, "PodScheduled")?.status === "False");
    await client.delete(pods, namespace, "guest", { gracePeriodSeconds: 0 });
    await until("vip", ({ spec }) => Boolean(spec.nodeName));
    const { spec } = await client.get(pods, namespace, "patient");
    expect(spec.nodeName, "somebody took what was promised").toBeUndefined();
    await client.delete(pods, namespace, "vip", { gracePeriodSeconds: 0 });
    await until("patient", (pod) => Boolean(pod.spec.nodeName));
  };

  const forEach = async (test: (at: number) => Promise<boolean>): Promise<number> => {
    for (let at = 1; at < 100; at++) if (!(await test(at))) return at - 1;
    throw new Error("there is no end");
  };

  for (const mode of WRITE_FAULTS) {
    it(`places all in their turn when any write is ${mode}`, async () => {
      const faults = await forEach(async (at) => {
        const namespace = await world();
        let stop: () => Promise<void>;
        let restart: Promise<void> | undefined;
        const broken = new WriteFaults(mode, at, () => {
          restart = stop().then(() => {
            stop = run(namespace);
          });
        });
        stop = run(namespace, { client: (client) => broken.wrap(client) });
        await play(namespace);
        await restart;
        await stop();
        return broken.wasHit;
      });
      expect(faults).toBeGreaterThan(5);
    });
  }

  for (const mode of ["missed", "doubled"] as const) {
    it(`places all in their turn when any event is ${mode}`, async () => {
      const faults = await forEach(async (at) => {
        const namespace = await world();
        const broken = new EventFaults(mode, at);
        const stop = run(namespace, { source: (client) => broken.wrap(client) });
        await play(namespace);
        await stop();
        return broken.wasHit;
      });
      expect(faults).toBeGreaterThan(5);
    });
  }
});

function same<T>(value: T): T {
  return value;
}
