import { eventually } from "../../support/eventually.ts";
import { run } from "../../support/run.ts";
import { ask } from "../client-load.ts";
import type { Tour } from "../tour.ts";

const UNFIT = `apiVersion: v1
kind: Pod
metadata:
  name: too-large
spec:
  containers:
    - name: main
      image: busybox
      command: ["sleep", "1000"]
      resources:
        requests:
          cpu: "1000"
`;

/** Process ids of the example's server inside a pod, as the host sees them: found by the pod's environment. */
async function serverPid(podName: string): Promise<number> {
  const script = `for p in /proc/[0-9]*; do if tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx HOSTNAME=${podName} && tr '\\0' ' ' < $p/cmdline | grep -q '^node server.js'; then basename $p; fi; done`;
  const found = await run("sh", ["-c", script]);
  return Number(found.stdout.trim().split("\n")[0]);
}

export async function healStep(tour: Tour): Promise<void> {
  const { walk, platform } = tour;
  await walk.step("8. Heal and scale", async () => {
    const [deleted] = await tour.pods();
    await tour.kubectl("delete", "pod", deleted!.name, "--wait=false");
    await eventually("a new pod takes its place", async () => {
      const pods = await tour.pods();
      return pods.length === 3 && pods.every((pod) => pod.ready && pod.name !== deleted!.name);
    });
    walk.check("a deleted pod is replaced", true);

    const [victim] = await tour.pods();
    const pid = await serverPid(victim!.name);
    walk.note(`kill -9 ${pid} (the server of ${victim!.name})`);
    process.kill(pid, "SIGKILL");
    await eventually("the container is restarted", async () =>
      (await tour.pods()).some((pod) => pod.uid === victim!.uid && pod.restarts === 1 && pod.ready),
    );
    const last = await tour.ask(
      "get",
      "pod",
      victim!.name,
      "-o",
      "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}",
    );
    walk.check("a killed container is restarted, counted, and its last state kept", last === "137", last);

    const [, unwell] = await tour.pods();
    await platform.kubectl("exec", unwell!.name, "--", "touch", "/tmp/unhealthy");
    await eventually(
      "the liveness probe restarts the container",
      async () =>
        (await tour.pods()).some((pod) => pod.uid === unwell!.uid && pod.restarts > unwell!.restarts),
      60_000,
    );
    const events = await tour.ask("get", "events", "--field-selector", `involvedObject.name=${unwell!.name}`);
    walk.check(
      "a failing liveness probe restarts the container and says so",
      /Liveness probe failed: HTTP probe failed with statuscode: 500/.test(events) &&
        /failed liveness probe, will be restarted/.test(events),
    );

    await eventually(
      "all are ready again",
      async () => (await tour.pods()).every((pod) => pod.ready),
      60_000,
    );
    const [, , unready] = await tour.pods();
    await platform.kubectl("exec", unready!.name, "--", "touch", "/tmp/unready");
    await eventually("the pod is not ready", async () =>
      (await tour.pods()).some((pod) => pod.uid === unready!.uid && !pod.ready),
    );
    const address = await tour.serviceAddress();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const hosts = new Set<string>();
    for (let index = 0; index < 60; index++) hosts.add((await ask(`http://${address}/`)).host);
    walk.check(
      "a pod that is not ready gets no traffic",
      !hosts.has(unready!.name) && hosts.size === 2,
      [...hosts].join(" "),
    );
    await platform.kubectl("exec", unready!.name, "--", "rm", "/tmp/unready");
    await eventually("it is ready again", async () => (await tour.pods()).every((pod) => pod.ready));

    await tour.kubectl("scale", "deployment/web", "--replicas=5");
    await eventually(
      "five pods",
      async () => (await tour.pods()).filter((pod) => pod.ready).length === 5,
      60_000,
    );
    await tour.kubectl("scale", "deployment/web", "--replicas=1");
    await eventually("one pod", async () => (await tour.pods()).length === 1, 60_000);
    // What the Deployment says of its pods follows them.
    const told = async () => /web\s+1\/1\s+1\s+1/.test(await tour.ask("get", "deployments"));
    await eventually("the Deployment says so", told, 10_000);
    await tour.kubectl("get", "deployments");
    walk.check("kubectl scale to 5 and back to 1", await told());

    await walk.show("kubectl", ["apply", "-f", "-"], { input: UNFIT });
    const reason = await eventually("the scheduler says why", async () =>
      /0\/1 nodes are available: 1 Insufficient cpu\./.exec(
        await tour.ask(
          "get",
          "events",
          "--field-selector",
          "involvedObject.name=too-large,reason=FailedScheduling",
        ),
      ),
    );
    const phase = await tour.ask("get", "pod", "too-large", "-o", "jsonpath={.status.phase}");
    walk.check(
      "a pod that fits nowhere stays Pending and an event says why",
      phase === "Pending" && reason !== null,
    );
    await tour.kubectl("delete", "pod", "too-large");
  });
}
