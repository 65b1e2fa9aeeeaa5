import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import type { ProbeOutcome, ProbeView } from "../probes/probe-view.ts";
import { aContainer, aPod, aSandbox, aState, aStatus } from "../testing/pods.ts";
import { computePodActions } from "./pod-actions.ts";
import { NO_RUNTIME_STATE, type PodRuntimeState } from "./runtime-state.ts";

function probes(
  results: { liveness?: Record<string, ProbeOutcome>; startup?: Record<string, ProbeOutcome> } = {},
): ProbeView {
  return { liveness: (id) => results.liveness?.[id], startup: (id) => results.startup?.[id] };
}

/** What is decided, in short. */
function decide(pod: Pod, state: PodRuntimeState, view: ProbeView = probes()) {
  const actions = computePodActions(pod, state, view);
  const names = (containers: { name: string }[]) => containers.map(({ name }) => name);
  return {
    ...(actions.killPod ? { killPod: true } : {}),
    ...(actions.createSandbox ? { createSandbox: actions.attempt } : {}),
    ...(actions.initContainersToStart.length > 0 ? { init: names(actions.initContainersToStart) } : {}),
    ...(actions.containersToStart.length > 0 ? { start: names(actions.containersToStart) } : {}),
    ...(actions.containersToKill.length > 0
      ? { kill: actions.containersToKill.map(({ id, reason }) => `${id} ${reason}`) }
      : {}),
  };
}

const exited = (exitCode: number, attempt = 0) => aStatus("app", { state: "EXITED", exitCode, attempt });

describe("pod actions", () => {
  it("makes a sandbox and starts everything of a new pod", () => {
    expect(decide(aPod(), NO_RUNTIME_STATE)).toEqual({ killPod: true, createSandbox: 0, start: ["app"] });
  });

  it("has nothing to do for a pod that runs", () => {
    expect(decide(aPod(), aState([aStatus("app")]))).toEqual({});
  });

  it.each([
    ["Always", 0, { start: ["app"] }],
    ["Always", 1, { start: ["app"] }],
    ["OnFailure", 0, { killPod: true }],
    ["OnFailure", 1, { start: ["app"] }],
    ["Never", 0, { killPod: true }],
    ["Never", 1, { killPod: true }],
  ] as const)("with restartPolicy %s after exit code %i", (restartPolicy, code, expected) => {
    expect(decide(aPod({ restartPolicy }), aState([exited(code)]))).toEqual(expected);
  });

  it("replaces a sandbox that is gone, and starts from the first init container", () => {
    const pod = aPod({ initContainers: [aContainer("one"), aContainer("two")] });
    const state = aState(
      [aStatus("app"), aStatus("one", { state: "EXITED" }), aStatus("two", { state: "EXITED" })],
      [aSandbox({ state: "NOTREADY" })],
    );
    expect(decide(pod, state)).toEqual({ killPod: true, createSandbox: 1, init: ["one"] });
  });

  it("does not replace the sandbox of a pod that has done its work", () => {
    const gone = [aSandbox({ state: "NOTREADY" })];
    expect(decide(aPod({ restartPolicy: "Never" }), aState([exited(1)], gone))).toEqual({ killPod: true });
    expect(decide(aPod({ restartPolicy: "OnFailure" }), aState([exited(0)], gone))).toEqual({
      killPod: true,
    });
    expect(decide(aPod({ restartPolicy: "OnFailure" }), aState([exited(3)], gone))).toMatchObject({
      createSandbox: 1,
    });
  });

  it("replaces a sandbox without an address, and one whose network mode is wrong", () => {
    expect(decide(aPod(), aState([], [aSandbox({ ip: "" })]))).toMatchObject({ createSandbox: 1 });
    expect(decide(aPod({ hostNetwork: true }), aState([], [aSandbox()]))).toMatchObject({ createSandbox: 1 });
  });

  it("restarts a container whose liveness or startup probe failed", () => {
    const state = aState([aStatus("app")]);
    expect(decide(aPod(), state, probes({ liveness: { "app-0": "failure" } }))).toEqual({
      kill: ["app-0 livenessProbe"],
      start: ["app"],
    });
    expect(decide(aPod(), state, probes({ startup: { "app-0": "failure" } }))).toEqual({
      kill: ["app-0 startupProbe"],
      start: ["app"],
    });
    expect(
      decide(aPod({ restartPolicy: "Never" }), state, probes({ liveness: { "app-0": "failure" } })),
    ).toMatchObject({
      kill: ["app-0 livenessProbe"],
      killPod: true,
    });
  });

  it("says why a container is killed in upstream's words", () => {
    const view = probes({ liveness: { "app-0": "failure" } });
    const [kill] = computePodActions(aPod(), aState([aStatus("app")]), view).containersToKill;
    expect(kill?.message).toBe("Container app failed liveness probe, will be restarted");
  });

  it("restarts a container whose image was changed", () => {
    const pod = aPod({ containers: [aContainer("app", { image: "other" })] });
    expect(decide(pod, aState([aStatus("app")]))).toEqual({
      kill: ["app-0 definitionChanged"],
      start: ["app"],
    });
  });

  it("looks at the newest attempt", () => {
    expect(decide(aPod(), aState([exited(1, 0), aStatus("app", { attempt: 1 })]))).toEqual({});
  });

  it("starts nothing in a pod that is being deleted", () => {
    const pod = aPod({}, { deletionTimestamp: "2025-01-01T00:00:00Z" });
    expect(decide(pod, aState([exited(1)]))).toEqual({ killPod: true });
  });
});

describe("init containers", () => {
  const pod = aPod({ initContainers: [aContainer("one"), aContainer("two")] });
  const done = (name: string) => aStatus(name, { state: "EXITED" });

  it.each([
    ["nothing yet", [], { init: ["one"] }],
    ["the first runs", [aStatus("one")], {}],
    ["the first is done", [done("one")], { init: ["two"] }],
    ["both are done", [done("one"), done("two")], { start: ["app"] }],
    ["the first's record is gone", [done("two")], { start: ["app"] }],
    ["the first failed", [aStatus("one", { state: "EXITED", exitCode: 1 })], { init: ["one"] }],
    ["all is up", [done("one"), done("two"), aStatus("app")], {}],
    ["the app has ended, the records are gone", [exited(1)], { start: ["app"] }],
  ])("%s", (_, containers, expected) => {
    expect(decide(pod, aState(containers))).toEqual(expected);
  });

  it("a failure is final with restartPolicy Never", () => {
    const never = aPod({ ...pod.spec, restartPolicy: "Never" });
    expect(decide(never, aState([aStatus("one", { state: "EXITED", exitCode: 1 })]))).toEqual({
      killPod: true,
    });
  });
});

describe("sidecars", () => {
  const sidecar = aContainer("proxy", { restartPolicy: "Always" });
  const pod = aPod({ initContainers: [sidecar, aContainer("setup")] });
  const done = aStatus("setup", { state: "EXITED" });

  it.each([
    ["nothing yet", [], { init: ["proxy"] }],
    ["it runs", [aStatus("proxy")], { init: ["setup"] }],
    ["it ended during initialization", [aStatus("proxy", { state: "EXITED" })], { init: ["proxy"] }],
    ["the pod is initialized", [aStatus("proxy"), done], { start: ["app"] }],
    ["it ended later", [aStatus("proxy", { state: "EXITED" }), done, aStatus("app")], { init: ["proxy"] }],
  ])("%s", (_, containers, expected) => {
    expect(decide(pod, aState(containers))).toEqual(expected);
  });

  it("holds up what follows until its startup probe has succeeded", () => {
    const slow = aPod({ initContainers: [{ ...sidecar, startupProbe: { tcpSocket: { port: 1 } } }] });
    const state = aState([aStatus("proxy")]);
    expect(decide(slow, state)).toEqual({});
    expect(decide(slow, state, probes({ startup: { "proxy-0": "success" } }))).toEqual({ start: ["app"] });
  });

  it("goes when the work is done", () => {
    const job = aPod({ ...pod.spec, restartPolicy: "Never" });
    expect(decide(job, aState([aStatus("proxy"), done, exited(0)]))).toEqual({ killPod: true });
    expect(decide(job, aState([aStatus("proxy", { state: "EXITED" }), done, exited(0)]))).toEqual({
      killPod: true,
    });
  });
});
