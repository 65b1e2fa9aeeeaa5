import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, podOf, shell, shellPod, useKube } from "../support/kube.ts";
import { run } from "../support/run.ts";

const kube = useKube();

const NEVER = { restartPolicy: "Never" };
const shared = { volumes: [{ name: "shared", emptyDir: {} }] };
const inShared = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
const step = (name: string, script: string, more: Json = {}): Json => ({
  name,
  ...shell(script),
  ...inShared,
  ...more,
});

function terminated(pod: Json, container = 0): Json {
  return pod.status.containerStatuses[container].state.terminated;
}

describe("pods that run to an end", () => {
  beforeAll(async () => {
    await kube.apply([
      podOf("order", [step("main", "cat /shared/order; echo main")], {
        ...NEVER,
        ...shared,
        initContainers: [
          step("first", "sleep 0.3; echo first >>/shared/order"),
          step("second", "echo second >>/shared/order"),
        ],
      }),
      shellPod("init-fails", "true", {
        ...NEVER,
        initContainers: [step("bad", "exit 4", { volumeMounts: [] })],
      }),
      shellPod("init-loops", "true", { initContainers: [step("bad", "exit 4", { volumeMounts: [] })] }),
      podOf(
        "sidecar",
        [step("main", "until [ -e /shared/ready ]; do sleep 0.05; done; echo done; touch /shared/done")],
        {
          ...NEVER,
          ...shared,
          terminationGracePeriodSeconds: 5,
          initContainers: [
            step(
              "helper",
              "trap 'ls /shared; exit 0' TERM; touch /shared/ready; while :; do sleep 0.05; done",
              {
                restartPolicy: "Always",
                startupProbe: { exec: { command: ["test", "-e", "/shared/ready"] }, periodSeconds: 1 },
              },
            ),
          ],
        },
      ),
      shellPod("exit-3", "exit 3", NEVER),
      shellPod("exit-0", "echo fine", NEVER),
      podOf("second-try", [step("main", "[ -e /shared/tried ] && exit 0; touch /shared/tried; exit 7")], {
        ...shared,
        restartPolicy: "OnFailure",
      }),
      shellPod("crashes", "echo again; exit 1"),
      shellPod("message", "echo -n from-file >/dev/termination-log; echo from-log; exit 1", NEVER),
      shellPod("message-log", "echo from-log; exit 1", NEVER, {
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      shellPod("deadline", "sleep 1000", { ...NEVER, activeDeadlineSeconds: 1 }),
      shellPod("oom", "tail /dev/zero", NEVER, { resources: { limits: { memory: "24Mi" } } }),
      podOf(
        "mixed",
        [
          { name: "good", ...shell("exit 0") },
          { name: "bad", ...shell("exit 9") },
        ],
        NEVER,
      ),
    ]);
  });

  it("runs init containers one after another before the others", async () => {
    await kube.untilPhase("order", "Succeeded");
    expect(await kube.logs("order")).toBe("first\nsecond\nmain\n");
    expect(await kube.shownStatus("order")).toBe("Completed");
    const events = await kube.events("order");
    expect(events.map((text) => text.split(":")[0])).toEqual(
      expect.arrayContaining(["Scheduled", "Pulled", "Created", "Started"]),
    );
  });

  it("fails with a failed init container, or tries it again", async () => {
    const failed = await kube.untilPhase("init-fails", "Failed");
    expect(failed.status.initContainerStatuses[0].state.terminated).toMatchObject({
      exitCode: 4,
      reason: "Error",
    });
    expect(await kube.shownStatus("init-fails")).toBe("Init:Error");
    await eventually(
      "Init:CrashLoopBackOff",
      async () => (await kube.shownStatus("init-loops")) === "Init:CrashLoopBackOff",
    );
    expect((await kube.pod("init-loops")).status.phase).toBe("Pending");
  });

  it("starts a sidecar first, ends it last, and does not wait for it", async () => {
    const pod = await kube.untilPhase("sidecar", "Succeeded");
    expect(await kube.logs("sidecar", "main")).toBe("done\n");
    expect(await kube.logs("sidecar", "helper")).toBe("done\nready\n");
    expect(pod.status.initContainerStatuses[0].state.terminated).toMatchObject({ exitCode: 0 });
  });

  it("tells exit codes and phases by restart policy", async () => {
    const failed = await kube.untilPhase("exit-3", "Failed");
    expect(terminated(failed)).toMatchObject({ exitCode: 3, reason: "Error" });
    expect(await kube.shownStatus("exit-3")).toBe("Error");
    const ended = await kube.untilPhase("exit-0", "Succeeded");
    expect(terminated(ended)).toMatchObject({ exitCode: 0, reason: "Completed" });
    const second = await kube.untilPhase("second-try", "Succeeded");
    expect(second.status.containerStatuses[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 7 } },
    });
    const mixed = await kube.untilPhase("mixed", "Failed");
    expect(mixed.status.containerStatuses.map((status: Json) => status.state.terminated.exitCode)).toEqual([
      9, 0,
    ]);
  });

  it("shows CrashLoopBackOff, restarts and the last state", async () => {
    await eventually(
      "CrashLoopBackOff",
      async () => (await kube.shownStatus("crashes")) === "CrashLoopBackOff",
    );
    const { containerStatuses, phase } = (await kube.pod("crashes")).status;
    expect(phase).toBe("Running");
    expect(containerStatuses[0].restartCount).toBeGreaterThan(0);
    expect(containerStatuses[0].state.waiting.message).toMatch(
      /^back-off \d+s restarting failed container=main pod=crashes_default\(.*\)$/,
    );
    expect(containerStatuses[0].lastState.terminated.exitCode).toBe(1);
    expect(await kube.must("logs", "crashes", "--previous")).toBe("again\n");
    expect(await kube.must("describe", "pod", "crashes")).toMatch(/Back-off restarting failed container/);
  });

  it("takes the termination message from the file, or from the log", async () => {
    expect(terminated(await kube.untilPhase("message", "Failed")).message).toBe("from-file");
    expect(terminated(await kube.untilPhase("message-log", "Failed")).message).toBe("from-log\n");
  });

  it("ends a pod at its deadline", async () => {
    const { status } = await kube.untilPhase("deadline", "Failed");
    expect(status).toMatchObject({
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    });
  });

  it("says OOMKilled", async () => {
    const oom = await kube.untilPhase("oom", "Failed");
    expect(terminated(oom)).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
    expect(await kube.shownStatus("oom")).toBe("OOMKilled");
  });
});

describe("the life of a container", () => {
  it("ends with SIGTERM after its preStop hook, within the grace", async () => {
    await kube.apply(
      shellPod(
        "graceful",
        "trap 'echo terminated; exit 0' TERM; echo started; while :; do sleep 0.05; done",
        { terminationGracePeriodSeconds: 20 },
        {
          lifecycle: {
            postStart: { exec: { command: ["sh", "-c", "echo hooked >/proc/1/fd/1"] } },
            preStop: { exec: { command: ["sh", "-c", "echo stopping >/proc/1/fd/1; sleep 0.3"] } },
          },
        },
      ),
    );
    await kube.untilReady("graceful");
    const log = kube.kubectl("logs", "-f", "graceful");
    const beganMs = performance.now();
    const deleted = await kube.kubectl("delete", "pod", "graceful");
    expect(deleted.stdout).toBe('pod "graceful" deleted\n');
    expect(performance.now() - beganMs).toBeLessThan(8_000);
    expect((await log).stdout.split("\n").sort()).toEqual([
      "",
      "hooked",
      "started",
      "stopping",
      "terminated",
    ]);
  });

  it("is killed at the end of the grace, and at once by force", async () => {
    const deaf = (name: string, grace: number) =>
      shellPod(name, "trap '' TERM; while :; do sleep 0.05; done", { terminationGracePeriodSeconds: grace });
    await kube.apply([deaf("deaf", 2), deaf("deafer", 600)]);
    await Promise.all([kube.untilReady("deaf"), kube.untilReady("deafer")]);
    const [killed, forced] = await Promise.all([
      kube.kubectl("delete", "pod", "deaf"),
      kube.kubectl("delete", "pod", "deafer", "--force", "--grace-period=0"),
    ]);
    expect(killed.ms).toBeGreaterThan(1_800);
    expect(killed.ms).toBeLessThan(6_000);
    expect(forced.stdout).toContain('pod "deafer" force deleted');
    expect(forced.stderr).toContain("Warning: Immediate deletion does not wait");
    await eventually(
      "no process of the forced pod",
      async () => !(await run("pgrep", ["-fa", `${kube.platform.home}.*deafer`])).stdout,
      10_000,
    );
  });

  it("is ended when its postStart hook fails", async () => {
    await kube.apply(
      shellPod("bad-hook", "sleep 1000", {}, { lifecycle: { postStart: { exec: { command: ["false"] } } } }),
    );
    await eventually("the event", async () =>
      (await kube.events("bad-hook")).some((text) => text.startsWith("FailedPostStartHook:")),
    );
    await kube.kubectl("delete", "pod", "bad-hook", "--wait=false");
  });

  it("shows a pod that is going away as Terminating, and lets exec in until the end", async () => {
    await kube.apply(
      shellPod("leaving", "trap 'sleep 3; exit 0' TERM; while :; do sleep 0.05; done", {
        terminationGracePeriodSeconds: 20,
      }),
    );
    await kube.untilReady("leaving");
    await kube.kubectl("delete", "pod", "leaving", "--wait=false");
    expect(await kube.shownStatus("leaving")).toBe("Terminating");
    expect((await kube.exec("leaving", "echo", "still")).stdout).toBe("still\n");
    await kube.untilGone("pods/leaving");
  });
});

describe("kubectl debug", () => {
  it("adds a container to a pod that runs, which sees the other's processes", async () => {
    await kube.apply(podOf("patient", [{ name: "main", ...shell("exec sleep 4321") }]));
    await kube.untilReady("patient");
    const flags = [
      "--image=busybox",
      "--image-pull-policy=IfNotPresent",
      "--profile=general",
      "-c",
      "doctor",
    ];
    const debug = await kube.kubectl(
      "debug",
      "patient",
      ...flags,
      "--target=main",
      "--",
      "sh",
      "-c",
      "ps; hostname",
    );
    expect(debug.code, debug.stderr).toBe(0);
    const pod = await kube.untilPod(
      "patient",
      "examined",
      (pod) => pod.status.ephemeralContainerStatuses?.[0]?.state.terminated,
    );
    expect(pod.status.phase).toBe("Running");
    expect(await kube.logs("patient", "doctor")).toMatch(/sleep 4321.*\npatient\n/s);
    const again = await kube.kubectl("debug", "patient", ...flags, "--", "true");
    expect(again.code).toBe(1);
    const removed = await kube.kubectl(
      "patch",
      "pod",
      "patient",
      "--subresource=ephemeralcontainers",
      "--type=merge",
      "-p",
      '{"spec":{"ephemeralContainers":[]}}',
    );
    expect(removed.stderr + removed.stdout).toMatch(
      /existing ephemeral containers "doctor" may not be removed|invalid/,
    );
    await kube.must("delete", "pod", "patient", "--wait=false");
  });
});

describe("images", () => {
  it("says why there is no image", async () => {
    const withImage = (name: string, image: string, imagePullPolicy: string): Json =>
      shellPod(name, "true", { imagePullSecrets: [{ name: "absent" }] }, { image, imagePullPolicy });
    await kube.apply([
      withImage("never", "nobody/nothing:1", "Never"),
      withImage("absent", `${kube.platform.registry}/nothing:1`, "IfNotPresent"),
      withImage("invalid", "UPPER//case", "IfNotPresent"),
      withImage("present", "busybox", "Never"),
    ]);
    const waiting = async (name: string, reason: string): Promise<string> => {
      const pod = await kube.untilPod(
        name,
        reason,
        (pod) => pod.status.containerStatuses?.[0].state.waiting?.reason === reason,
      );
      expect(await kube.shownStatus(name)).toBe(reason);
      return pod.status.containerStatuses[0].state.waiting.message;
    };
    expect(await waiting("never", "ErrImageNeverPull")).toBe(
      'Container image "nobody/nothing:1" is not present with pull policy of Never',
    );
    expect(await waiting("invalid", "InvalidImageName")).toMatch(/couldn't parse image name "UPPER\/\/case"/);
    expect(await waiting("absent", "ImagePullBackOff")).toMatch(
      /^Back-off pulling image "127\.0\.0\.1:\d+\/nothing:1": ErrImagePull: /,
    );
    await kube.untilPod("present", "started", (pod) => pod.status.containerStatuses?.[0].containerID);
    await kube.must("delete", "pod", "never", "absent", "invalid", "present", "--wait=false");
  });

  it("pulls Always from the platform's own registry", async () => {
    const name = `${kube.platform.registry}/test/always:1`;
    await kube.platform.docker("tag", "busybox", name);
    expect((await kube.platform.docker("push", name)).code).toBe(0);
    await kube.platform.docker("rmi", name);
    await kube.apply(shellPod("pulls", "echo pulled", NEVER, { image: name, imagePullPolicy: "Always" }));
    await kube.untilPhase("pulls", "Succeeded");
    expect((await kube.events("pulls")).join("\n")).toMatch(
      /Pulling: Pulling image .*\nPulled: Successfully pulled image .* in .*Image size: \d+ bytes\./,
    );
  });
});
