import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { conditionOf, type Json, podOf, shell, shellPod, useKube } from "../support/kube.ts";
import { run } from "../support/run.ts";

const kube = useKube();

beforeAll(async () => {
  await kube.apply([
    shellPod(
      "web",
      "echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp",
      {},
      {
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { port: 8080, path: "/index.html" }, periodSeconds: 1 },
        livenessProbe: { exec: { command: ["true"] }, periodSeconds: 1, failureThreshold: 1 },
      },
    ),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ]);
  await kube.untilReady("web");
});

const nodeReady = async () => {
  const { items } = (await kube.api("/api/v1/nodes")).json;
  return conditionOf(items[0], "Ready");
};
const isServed = async () => {
  const { clusterIP } = (await kube.get("services/web")).spec;
  return (await run("curl", ["-s", "--max-time", "2", `http://${clusterIP}/index.html`])).stdout;
};
const patchStatus = (conditions: object[], ...what: string[]) =>
  kube.must(
    "patch",
    ...what,
    "--subresource=status",
    "--type=strategic",
    "-p",
    JSON.stringify({ status: { conditions } }),
  );

/** What was said of a node that is not heard of, and how often. */
const complaints = async (): Promise<string[]> => {
  const events = await kube.must("get", "events", "-A", "-o", "custom-columns=:reason,:count");
  return events.split("\n").filter((line) => /NodeNotReady|TaintManagerEviction/.test(line));
};

describe("the status of pods and nodes", () => {
  it("is put right when somebody else has written into it", async () => {
    const uid = (await kube.pod("web")).metadata.uid;
    await patchStatus([{ type: "Ready", status: "False" }], "pod", "web");
    await kube.untilReady("web", 15_000);
    const node = (await kube.must("get", "nodes", "-o", "name")).trim();
    const reported = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
    await patchStatus(
      reported.map((type) => ({ type, status: "Unknown", reason: "NodeStatusUnknown" })),
      node,
    );
    await eventually("the node ready again", async () => (await nodeReady()) === "True", 20_000);
    await kube.untilReady("web", 20_000);
    expect((await kube.pod("web")).metadata.uid).toBe(uid);
    await eventually("the service served", async () => (await isServed()) === "hello\n");
  });

  it("ends with the last of its containers, sidecars too", async () => {
    const volumeMounts = [{ name: "pod", mountPath: "/pod" }];
    await kube.apply(
      podOf(
        "beside",
        [{ name: "main", ...shell("until [ -e /pod/up ]; do sleep 0.05; done"), volumeMounts }],
        {
          restartPolicy: "Never",
          volumes: [{ name: "pod", emptyDir: {} }],
          terminationGracePeriodSeconds: 20,
          initContainers: [
            {
              name: "helper",
              restartPolicy: "Always",
              volumeMounts,
              ...shell("trap 'sleep 1; exit 0' TERM; touch /pod/up; while :; do sleep 0.05; done"),
            },
          ],
        },
      ),
    );
    await kube.must("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/beside", "--timeout=60s");
    const helper = (pod: Json) => pod.status.initContainerStatuses[0].state;
    expect(helper(await kube.pod("beside")).terminated).toMatchObject({ exitCode: 0 });
  });

  it("stays as it is over a standstill of the program of a minute", async () => {
    const before = await kube.pod("web");
    const complaintsBefore = await complaints();
    process.kill(kube.platform.status.pid, "SIGSTOP");
    try {
      await sleep(56_000);
    } finally {
      process.kill(kube.platform.status.pid, "SIGCONT");
    }
    await eventually("the service served", async () => (await isServed()) === "hello\n");
    // The node's controller looks every five seconds.
    await sleep(6000);
    const after = await kube.pod("web");
    expect(conditionOf(after, "Ready")).toBe("True");
    expect(after.status.containerStatuses[0]).toMatchObject({
      ready: true,
      restartCount: before.status.containerStatuses[0].restartCount,
    });
    expect(await nodeReady()).toBe("True");
    expect(await isServed()).toBe("hello\n");
    expect(await complaints()).toEqual(complaintsBefore);
  });
});
