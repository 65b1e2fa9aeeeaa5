import { describe, expect, it } from "vitest";
import type { Pod, PodStatus } from "../../api/index.ts";
import type { PodRuntimeState } from "../pods/runtime-state.ts";
import type { ProbeOutcome } from "../probes/probe-view.ts";
import { aContainer, aPod, aState, aStatus } from "../testing/pods.ts";
import { podStatus } from "./pod-status.ts";
import { statusPatch } from "./status-patch.ts";

const NOW_MS = Date.UTC(2025, 0, 1);

interface Seen {
  previous?: PodStatus;
  waiting?: Record<string, { reason: string; message: string }>;
  ready?: Record<string, ProbeOutcome>;
  startup?: Record<string, ProbeOutcome>;
  isFinal?: boolean;
}

function statusOf(pod: Pod, state: PodRuntimeState, seen: Seen = {}): PodStatus {
  return podStatus({
    pod,
    state,
    previous: seen.previous ?? {},
    hostIp: "192.0.2.1",
    nowMs: NOW_MS,
    isFinal: seen.isFinal ?? false,
    waitingReason: (name) => seen.waiting?.[name],
    resources: () => undefined,
    terminationMessage: () => "",
    readiness: (id) => seen.ready?.[id],
    startup: (id) => seen.startup?.[id],
  });
}

function condition(status: PodStatus, type: string) {
  const { status: is, reason, message } = status.conditions!.find((one) => one.type === type)!;
  return [is, reason, message].filter((text) => text !== undefined).join(": ");
}

const NOTHING: PodRuntimeState = { sandboxes: [], containers: [] };

describe("pod status", () => {
  it("of a pod that was just taken in", () => {
    const status = statusOf(aPod(), NOTHING);
    expect(status).toMatchObject({
      phase: "Pending",
      hostIP: "192.0.2.1",
      startTime: "2025-01-01T00:00:00Z",
      qosClass: "BestEffort",
      containerStatuses: [
        {
          name: "app",
          ready: false,
          restartCount: 0,
          started: false,
          state: { waiting: { reason: "ContainerCreating" } },
        },
      ],
    });
    expect(status.podIP).toBeUndefined();
    expect(condition(status, "PodReadyToStartContainers")).toBe("False");
    expect(condition(status, "Initialized")).toBe("True");
    expect(condition(status, "Ready")).toBe(
      "False: ContainersNotReady: containers with unready status: [app]",
    );
    expect(condition(status, "PodScheduled")).toBe("True");
  });

  it("of one that runs", () => {
    const status = statusOf(aPod(), aState([aStatus("app")]));
    expect(status).toMatchObject({
      phase: "Running",
      podIP: "10.244.0.5",
      podIPs: [{ ip: "10.244.0.5" }],
      containerStatuses: [
        {
          ready: true,
          started: true,
          containerID: "gantry://app-0",
          state: { running: { startedAt: "1970-01-01T00:00:01Z" } },
        },
      ],
    });
    expect(condition(status, "Ready")).toBe("True");
    expect(condition(status, "ContainersReady")).toBe("True");
  });

  it("is not ready before its readiness probe says so, nor before it has started", () => {
    const probed = aPod({ containers: [aContainer("app", { readinessProbe: { httpGet: { port: 80 } } })] });
    const state = aState([aStatus("app")]);
    expect(statusOf(probed, state).containerStatuses![0]).toMatchObject({ ready: false, started: true });
    expect(statusOf(probed, state, { ready: { "app-0": "success" } }).containerStatuses![0]!.ready).toBe(
      true,
    );
    const slow = aPod({ containers: [aContainer("app", { startupProbe: { httpGet: { port: 80 } } })] });
    expect(statusOf(slow, state).containerStatuses![0]).toMatchObject({ ready: false, started: false });
    const started = statusOf(slow, state, { startup: { "app-0": "success" } });
    expect(started.containerStatuses![0]).toMatchObject({ ready: true, started: true });
  });

  it("tells of a crash loop with the last state", () => {
    const state = aState([aStatus("app", { state: "EXITED", exitCode: 3, attempt: 4 })]);
    const waiting = { app: { reason: "CrashLoopBackOff", message: "back-off 40s" } };
    const status = statusOf(aPod(), state, { waiting });
    expect(status.phase).toBe("Running");
    expect(status.containerStatuses![0]).toMatchObject({
      restartCount: 4,
      state: { waiting: waiting.app },
      lastState: { terminated: { exitCode: 3, reason: "Error", containerID: "gantry://app-4" } },
    });
  });

  it("keeps the last state of a container that was restarted", () => {
    const state = aState([
      aStatus("app", { attempt: 1 }),
      aStatus("app", { state: "EXITED", exitCode: 137, attempt: 0 }),
    ]);
    expect(statusOf(aPod(), state).containerStatuses![0]).toMatchObject({
      restartCount: 1,
      state: { running: {} },
      lastState: { terminated: { exitCode: 137 } },
    });
  });

  it.each([
    ["Never", 0, "Succeeded"],
    ["Never", 1, "Failed"],
    ["OnFailure", 0, "Succeeded"],
    ["OnFailure", 1, "Running"],
    ["Always", 0, "Running"],
  ] as const)("phase with restartPolicy %s after exit code %i is %s", (restartPolicy, exitCode, phase) => {
    const state = aState([aStatus("app", { state: "EXITED", exitCode })]);
    expect(statusOf(aPod({ restartPolicy }), state).phase).toBe(phase);
  });

  it("of a pod that was ended is final", () => {
    const ended = (exitCode: number) => aState([aStatus("app", { state: "EXITED", exitCode })]);
    expect(statusOf(aPod(), ended(0), { isFinal: true }).phase).toBe("Succeeded");
    expect(statusOf(aPod(), ended(137), { isFinal: true }).phase).toBe("Failed");
    expect(statusOf(aPod(), NOTHING, { isFinal: true }).phase).toBe("Failed");
    expect(condition(statusOf(aPod(), ended(0), { isFinal: true }), "Ready")).toBe("False: PodCompleted");
    const previous: PodStatus = { phase: "Failed" };
    expect(statusOf(aPod(), aState([aStatus("app")]), { previous }).phase).toBe("Failed");
  });

  it("while it is initialized", () => {
    const pod = aPod({ initContainers: [aContainer("one"), aContainer("two")] });
    const status = statusOf(pod, aState([aStatus("one")]));
    expect(status.phase).toBe("Pending");
    expect(condition(status, "Initialized")).toBe(
      "False: ContainersNotInitialized: containers with incomplete status: [one two]",
    );
    expect(status.containerStatuses![0]!.state).toEqual({ waiting: { reason: "PodInitializing" } });
    const failed = statusOf(
      aPod({ ...pod.spec, restartPolicy: "Never" }),
      aState([aStatus("one", { state: "EXITED", exitCode: 1 })]),
    );
    expect(failed.phase).toBe("Failed");
  });

  it("waits for readiness gates", () => {
    const pod = aPod({ readinessGates: [{ conditionType: "example.com/lb" }] });
    const state = aState([aStatus("app")]);
    expect(condition(statusOf(pod, state), "Ready")).toBe(
      'False: ReadinessGatesNotReady: corresponding condition of pod readiness gate "example.com/lb" does not exist.',
    );
    const previous: PodStatus = { conditions: [{ type: "example.com/lb", status: "True" }] };
    expect(condition(statusOf(pod, state, { previous }), "Ready")).toBe("True");
  });

  it("keeps the time of the last change", () => {
    const first = statusOf(aPod(), aState([aStatus("app")]));
    const old = {
      ...first,
      conditions: first.conditions!.map((one) => ({ ...one, lastTransitionTime: "2020-01-01T00:00:00Z" })),
    };
    const times = statusOf(aPod(), aState([aStatus("app")]), { previous: old }).conditions!.map(
      (one) => one.lastTransitionTime,
    );
    expect(new Set(times)).toEqual(new Set(["2020-01-01T00:00:00Z"]));
  });
});

describe("status patch", () => {
  it("is nothing when nothing has changed", () => {
    const status = statusOf(aPod(), aState([aStatus("app")]));
    expect(statusPatch(status, JSON.parse(JSON.stringify(status)))).toBeUndefined();
  });

  it("holds only what has changed, and never another writer's condition", () => {
    const pending = statusOf(aPod(), NOTHING);
    const running = statusOf(aPod(), aState([aStatus("app")]));
    const foreign = { type: "example.com/lb", status: "True" as const };
    const patch = statusPatch(
      { ...pending, reason: "Odd" },
      { ...running, conditions: [...running.conditions!, foreign] },
    )!;
    expect(Object.keys(patch).sort()).toEqual([
      "conditions",
      "containerStatuses",
      "phase",
      "podIP",
      "podIPs",
      "reason",
    ]);
    expect(patch.reason).toBeNull();
    expect((patch.conditions as { type: string }[]).map(({ type }) => type)).not.toContain("example.com/lb");
  });

  it("replaces an address instead of adding one", () => {
    const patch = statusPatch({ podIPs: [{ ip: "10.0.0.1" }] }, { podIPs: [{ ip: "10.0.0.2" }] });
    expect(patch).toEqual({ podIPs: [{ ip: "10.0.0.1", $patch: "delete" }, { ip: "10.0.0.2" }] });
  });
});
