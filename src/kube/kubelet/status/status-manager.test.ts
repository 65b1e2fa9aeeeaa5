import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import type { Pod, PodStatus } from "../../api/index.ts";
import { pods } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../../apiserver/testing/start-test-server.ts";
import type { KubeClient } from "../../client/index.ts";
import { aContainer } from "../testing/pods.ts";
import { StatusManager } from "./status-manager.ts";

describe("a pod's status in the API", () => {
  let server: TestServer;
  let manager: StatusManager;
  let pod: Pod;
  let shown: Pod;
  let writes: number;
  let nowMs: number;
  /** What is to happen later. */
  let later: { inMs: number; fn: () => void }[];

  beforeEach(async () => {
    server = await startTestServer();
    pod = await server.client.create(pods, {
      metadata: { name: "web", namespace: "default" },
      spec: { nodeName: "n", automountServiceAccountToken: false, containers: [aContainer("app")] },
    });
    shown = pod;
    writes = 0;
    nowMs = 0;
    later = [];
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => nowMs,
      after: (inMs, fn) => {
        const one = { inMs, fn };
        later.push(one);
        return () => {
          later = later.filter((other) => other !== one);
        };
      },
    };
    manager = new StatusManager({
      client: counting(server.client),
      podOf: () => shown,
      logger: silentLogger,
      clock,
    });
  });
  afterEach(() => server.stop());

  const counting = (client: KubeClient): KubeClient =>
    new Proxy(client, {
      get(target, key) {
        if (key === "patch") writes++;
        const member = Reflect.get(target, key, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  const running = (ready: "True" | "False" = "True"): PodStatus => ({
    phase: "Running",
    qosClass: "BestEffort",
    conditions: [{ type: "Ready", status: ready, lastTransitionTime: "2026-01-01T00:00:00Z" }],
    containerStatuses: [
      {
        name: "app",
        ready: true,
        restartCount: 0,
        image: "busybox",
        imageID: "sha256:1",
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
        lastState: {},
        allocatedResources: { cpu: "1000m" },
      },
    ],
  });
  const get = () => server.client.get(pods, "default", "web");
  const write = async (status: object): Promise<void> => {
    shown = await server.client.patch(
      pods,
      "default",
      "web",
      "strategic",
      { status },
      { subresource: "status" },
    );
    manager.observe(shown);
    await manager.flush(pod.metadata.uid);
  };
  const say = async (status: PodStatus): Promise<void> => {
    manager.set(pod, status);
    await manager.flush(pod.metadata.uid);
  };
  const readyOf = async () => (await get()).status!.conditions!.find(({ type }) => type === "Ready")!.status;

  it("is written once, whatever form the server gives it", async () => {
    await say(running());
    expect((await get()).status).toMatchObject({ phase: "Running" });
    shown = await get();
    manager.observe(shown);
    await say(running());
    expect([writes, later]).toEqual([1, []]);
  });

  it("is put right when somebody else has written into it: at once, and then ten seconds after the last word", async () => {
    await say(running());
    nowMs += 60_000;
    const others = { conditions: [{ type: "Ready", status: "False" }] };
    await write(others);
    expect([await readyOf(), writes]).toEqual(["True", 2]);
    nowMs += 4000;
    await write(others);
    expect([await readyOf(), writes]).toEqual(["False", 2]);
    expect(later.map(({ inMs }) => inMs)).toEqual([6000]);
    nowMs += 6000;
    later[0]!.fn();
    await manager.flush(pod.metadata.uid);
    expect([await readyOf(), writes]).toEqual(["True", 3]);
  });

  it("has news written at once, with what others have changed meanwhile", async () => {
    await say(running());
    await server.client.patch(
      pods,
      "default",
      "web",
      "strategic",
      { status: { phase: "Pending", conditions: [{ type: "example.com/lb", status: "True" }] } },
      { subresource: "status" },
    );
    // Nobody has shown it to the kubelet yet.
    await say(running("False"));
    shown = await get();
    nowMs += 10_000;
    manager.observe(shown);
    await manager.flush(pod.metadata.uid);
    const { phase, conditions } = (await get()).status!;
    expect(phase).toBe("Running");
    expect(conditions!.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      "Ready False",
      "example.com/lb True",
    ]);
  });

  it("leaves what is not the kubelet's as it is", async () => {
    await say(running());
    nowMs += 60_000;
    await write({ nominatedNodeName: "elsewhere", conditions: [{ type: "example.com/lb", status: "True" }] });
    expect([writes, later]).toEqual([1, []]);
    expect((await get()).status).toMatchObject({ nominatedNodeName: "elsewhere" });
  });
});
