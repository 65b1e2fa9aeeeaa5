import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CriContainerStatus, PodSandboxStatus } from "../../cri/types.ts";
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from "../api/index.ts";
import { isPodPhaseTerminal, pods } from "../api/index.ts";
import type { KubeClient } from "../client/index.ts";
import { readRuntimeState } from "./pods/runtime-state.ts";
import { openTestCluster, type TestCluster } from "./testing/test-cluster.ts";

/** What the kubelet tells of a pod, and what is so at that moment. */
interface Telling {
  status: PodStatus | "removed";
  containers: CriContainerStatus[];
  sandboxes: PodSandboxStatus[];
  hasFiles: boolean;
  markers: string[];
}

const script = (text: string): Partial<Container> => ({ command: ["sh", "-c", text] });
/** Takes its time to end; says in the pod's directory, where there is one, when it will take SIGTERM for what it is. */
const SLOW_TO_END =
  "trap 'sleep 0.7; exit 0' TERM; touch /pod/up 2>/dev/null; while true; do sleep 0.05; done";
const UNTIL_UP = "until [ -e /pod/up ]; do sleep 0.05; done";
const SHARED = {
  volumes: [{ name: "pod", emptyDir: {} }],
  // One that has not set its trap yet when it is ended holds nobody up.
  terminationGracePeriodSeconds: 3,
};
const volumeMounts = [{ name: "pod", mountPath: "/pod" }];

function app(more: Partial<Container> = {}): Container {
  return { name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", ...script(SLOW_TO_END), ...more };
}

const conditionOf = (status: PodStatus, type: string): PodCondition | undefined =>
  status.conditions?.find((one) => one.type === type);
const isTrue = (status: PodStatus, type: string) => conditionOf(status, type)?.status === "True";

describe("when something is told of a pod", () => {
  let cluster: TestCluster;
  let told: Telling[] = [];
  let markerDir = "";
  let memoryLeft = 2 ** 30;

  async function see(status: Telling["status"], podUid: string): Promise<void> {
    const state = await readRuntimeState(cluster.cri.runtime, podUid);
    const markers = ["ready", "started"].filter((name) => existsSync(join(markerDir, name)));
    const hasFiles = existsSync(join(cluster.home.dir, "kubelet/pods", podUid));
    told.push({ status, ...state, hasFiles, markers });
  }

  /** Looks at the node just before each word about a pod goes to the API. */
  const listening = (client: KubeClient): KubeClient =>
    new Proxy(client, {
      get(target, key) {
        if (key === "patch") {
          return async (...args: Parameters<KubeClient["patch"]>) => {
            const [resource, , , , body, options] = args;
            const { metadata, status } = body as { metadata: { uid: string }; status: PodStatus };
            if (resource.resource === pods.resource && options?.subresource === "status")
              await see(status, metadata.uid);
            return target.patch(...args);
          };
        }
        if (key === "delete") {
          return async (...args: Parameters<KubeClient["delete"]>) => {
            if (args[0].resource === pods.resource) await see("removed", args[3]!.preconditions!.uid!);
            return target.delete(...args);
          };
        }
        const member = Reflect.get(target, key, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });

  beforeAll(async () => {
    cluster = await openTestCluster("7a5171", {
      wrapClient: listening,
      observeNode: async () => new Map([["memory.available", { available: memoryLeft, capacity: 2 ** 31 }]]),
    });
    markerDir = join(cluster.home.dir, "markers");
    mkdirSync(markerDir);
  }, 30_000);
  afterAll(() => cluster?.close(), 30_000);
  afterEach(async () => {
    const names = (await cluster.client.list(pods)).items.map(({ metadata }) => metadata.name);
    for (const name of names) await cluster.remove(name, 0).catch(() => {});
    for (const name of names) await cluster.untilGone(name);
    told = [];
  });

  const running = ({ containers }: Telling) => containers.filter(({ state }) => state === "RUNNING");
  const standing = ({ sandboxes }: Telling) => sandboxes.filter(({ state }) => state === "READY");
  const statusOfContainer = (statuses: ContainerStatus[] | undefined, name: string) =>
    statuses?.find((one) => one.name === name);

  /** Words about a pod in their order, each with the whole status as it then reads. */
  function tellings(): { telling: Telling; status: PodStatus }[] {
    let whole: PodStatus = {};
    const words: { telling: Telling; status: PodStatus }[] = [];
    for (const telling of told) {
      if (telling.status !== "removed") {
        const conditions = new Map([
          ...(whole.conditions ?? []).map((one) => [one.type, one] as const),
          ...(telling.status.conditions ?? []).map((one) => [one.type, one] as const),
        ]);
        whole = { ...whole, ...telling.status, conditions: [...conditions.values()] };
      }
      words.push({ telling, status: whole });
    }
    return words;
  }

  /** What holds of every word about every pod. */
  function expectTrue(pod: Pod): void {
    const sidecars = (pod.spec.initContainers ?? []).filter(
      ({ restartPolicy }) => restartPolicy === "Always",
    );
    const toTheirEnd = (pod.spec.initContainers ?? []).filter((one) => !sidecars.includes(one));
    let wasInitialized = false;
    for (const { telling, status } of tellings()) {
      const runs = (name: string) => running(telling).some(({ metadata }) => metadata.name === name);
      if (isPodPhaseTerminal(status.phase)) {
        expect(running(telling)).toEqual([]);
        expect(standing(telling)).toEqual([]);
        expect([isTrue(status, "Ready"), isTrue(status, "ContainersReady")]).toEqual([false, false]);
      }
      if (telling.status === "removed") {
        expect(isPodPhaseTerminal(status.phase)).toBe(true);
        expect(telling.hasFiles).toBe(false);
        continue;
      }
      const told = telling.status;
      if (told.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True")) {
        for (const { name } of [...sidecars, ...pod.spec.containers]) expect(runs(name)).toBe(true);
        if (pod.spec.containers[0]!.readinessProbe) expect(telling.markers).toContain("ready");
        expect(isTrue(status, "ContainersReady")).toBe(true);
      }
      if (conditionOf(told, "PodReadyToStartContainers")?.status === "True")
        expect(standing(telling).map(({ ip }) => ip)).toEqual([status.podIP]);
      if (conditionOf(told, "Initialized")?.status === "True" && !wasInitialized) {
        wasInitialized = true;
        for (const { name } of toTheirEnd) {
          const [latest] = telling.containers.filter(({ metadata }) => metadata.name === name);
          expect(latest).toMatchObject({ state: "EXITED", exitCode: 0 });
        }
        for (const { name } of sidecars) expect(runs(name)).toBe(true);
      }
      for (const { name, started, restartCount, state } of told.containerStatuses ?? []) {
        const attempts = telling.containers.filter(({ metadata }) => metadata.name === name);
        if (started) expect(runs(name)).toBe(true);
        if (started && pod.spec.containers[0]!.startupProbe) expect(telling.markers).toContain("started");
        if (restartCount > 0)
          expect(attempts.map(({ metadata }) => metadata.attempt)).toContain(restartCount);
        if (state?.terminated?.containerID)
          expect(attempts.some(({ state }) => state === "EXITED")).toBe(true);
      }
    }
  }

  it("its end is told when no sidecar runs any more", async () => {
    const pod = await cluster.create("beside", {
      restartPolicy: "Never",
      ...SHARED,
      initContainers: [app({ name: "helper", restartPolicy: "Always", volumeMounts })],
      containers: [app({ ...script(`${UNTIL_UP}; exit 0`), volumeMounts })],
    });
    const ended = await cluster.until("beside", ({ status }) => status?.phase === "Succeeded");
    expectTrue(pod);
    expect(ended.status!.initContainerStatuses![0]!.state?.terminated).toMatchObject({ exitCode: 0 });
    const between = tellings().find(
      ({ telling, status }) =>
        telling.status !== "removed" && statusOfContainer(status.containerStatuses, "app")?.state?.terminated,
    )!;
    expect(between.status.phase).toBe("Running");
    expect(isTrue(between.status, "Ready")).toBe(false);
  });

  it("its failure is told when no sidecar runs any more", async () => {
    const pod = await cluster.create("uninitialized", {
      ...SHARED,
      restartPolicy: "Never",
      initContainers: [
        app({ name: "helper", restartPolicy: "Always", volumeMounts }),
        app({ name: "init", ...script(`${UNTIL_UP}; exit 3`), volumeMounts }),
      ],
      containers: [app()],
    });
    const ended = await cluster.until("uninitialized", ({ status }) => status?.phase === "Failed");
    expectTrue(pod);
    expect(ended.status!.containerStatuses![0]!.state).toEqual({ waiting: { reason: "PodInitializing" } });
  });

  it("that its time is over is told when its containers have ended; that it is not ready, at once", async () => {
    const pod = await cluster.create("late", {
      activeDeadlineSeconds: 1,
      terminationGracePeriodSeconds: 3,
      containers: [app()],
    });
    const ended = await cluster.until("late", ({ status }) => status?.phase === "Failed");
    expect(ended.status!.reason).toBe("DeadlineExceeded");
    expectTrue(pod);
    const ending = tellings().find(({ status }) => conditionOf(status, "Ready")?.reason === "PodFailed")!;
    expect(ending.status).toMatchObject({ phase: "Running" });
    expect(ending.status.reason ?? undefined).toBeUndefined();
    expect(running(ending.telling)).toHaveLength(1);
  });

  it("it is initialized, started and ready when it is; its object goes last of all", async () => {
    const pod = await cluster.create("probed", {
      terminationGracePeriodSeconds: 3,
      volumes: [{ name: "markers", hostPath: { path: markerDir } }],
      initContainers: [
        app({ name: "helper", restartPolicy: "Always" }),
        app({ name: "init", ...script("sleep 0.3") }),
      ],
      containers: [
        app({
          volumeMounts: [{ name: "markers", mountPath: "/m" }],
          startupProbe: { exec: { command: ["cat", "/m/started"] }, periodSeconds: 1, failureThreshold: 100 },
          readinessProbe: { exec: { command: ["cat", "/m/ready"] }, periodSeconds: 1 },
        }),
      ],
    });
    await cluster.until("probed", ({ status }) => status?.phase === "Running");
    writeFileSync(join(markerDir, "started"), "");
    await cluster.until("probed", ({ status }) => status?.containerStatuses?.[0]?.started === true);
    writeFileSync(join(markerDir, "ready"), "");
    await cluster.until("probed", ({ status }) => isTrue(status!, "Ready"));
    await cluster.remove("probed");
    await cluster.untilGone("probed");
    expectTrue(pod);
    expect(told.at(-1)!.status).toBe("removed");
  });

  it("a restart is counted when it has happened", async () => {
    const pod = await cluster.create("again", {
      restartPolicy: "OnFailure",
      volumes: [{ name: "once", emptyDir: {} }],
      containers: [
        app({
          ...script("[ -e /once/x ] && exit 0; touch /once/x; exit 5"),
          volumeMounts: [{ name: "once", mountPath: "/once" }],
        }),
      ],
    });
    const ended = await cluster.until("again", ({ status }) => status?.phase === "Succeeded");
    expect(ended.status!.containerStatuses![0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 5 } },
    });
    expectTrue(pod);
  });

  it("a pod that never started is removed as a failed one", async () => {
    const pod = await cluster.create("stuck", {
      containers: [app({ image: "none.invalid/none:1", imagePullPolicy: "Never" })],
    });
    await cluster.until(
      "stuck",
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "ErrImageNeverPull",
    );
    await cluster.remove("stuck");
    await cluster.untilGone("stuck");
    expectTrue(pod);
    const { status } = tellings().at(-1)!;
    expect(status.phase).toBe("Failed");
    expect(status.containerStatuses![0]!.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: "ContainerStatusUnknown",
    });
  });

  it("a pod that was refused has no containers", async () => {
    const pod = await cluster.create("huge", {
      containers: [app({ resources: { requests: { cpu: "1000" } } })],
    });
    const refused = await cluster.until("huge", ({ status }) => status?.phase === "Failed");
    expect(refused.status!.reason).toBe("OutOfcpu");
    expect(refused.status!.containerStatuses).toBeUndefined();
    expectTrue(pod);
    expect(told).toHaveLength(1);
  });

  it("an end that somebody else has told stays, and its containers are ended", async () => {
    await cluster.create("given-up", { terminationGracePeriodSeconds: 3, containers: [app()] });
    await cluster.until("given-up", ({ status }) => isTrue(status!, "Ready"));
    told = [];
    await cluster.client.patch(
      pods,
      "default",
      "given-up",
      "strategic",
      { status: { phase: "Failed", reason: "Gone" } },
      { subresource: "status" },
    );
    const ended = await cluster.until(
      "given-up",
      ({ status }) => status?.containerStatuses?.[0]?.state?.terminated !== undefined,
    );
    expect(ended.status).toMatchObject({ phase: "Failed", reason: "Gone" });
    const phases = told.map(({ status }) => (status as PodStatus).phase);
    expect(phases.filter((phase) => phase !== undefined && phase !== "Failed")).toEqual([]);
  });

  // Last, because the node says for five minutes that it is under pressure.
  it("that the node has ended it is told when it has ended, with the reason", async () => {
    const pod = await cluster.create("evicted", { containers: [app()] });
    await cluster.until("evicted", ({ status }) => isTrue(status!, "Ready"));
    memoryLeft = 2 ** 20;
    const ended = await cluster.until("evicted", ({ status }) => status?.phase === "Failed");
    memoryLeft = 2 ** 30;
    expectTrue(pod);
    expect(ended.status).toMatchObject({
      reason: "Evicted",
      message: expect.stringMatching(
        /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: 1Mi\. (Container app was using .+, request is 0, has larger consumption of memory\. )?$/,
      ),
    });
    expect(conditionOf(ended.status!, "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "TerminationByKubelet",
      message: ended.status!.message,
    });
    const before = tellings().filter(({ status }) => !isPodPhaseTerminal(status.phase));
    expect(before.some(({ status }) => conditionOf(status, "DisruptionTarget"))).toBe(false);
    await cluster.create("next", { containers: [app()] });
    const refused = await cluster.until("next", ({ status }) => status?.phase === "Failed");
    expect(refused.status).toMatchObject({
      reason: "Evicted",
      message: "Pod was rejected: The node had condition: [MemoryPressure]. ",
    });
  });
});
