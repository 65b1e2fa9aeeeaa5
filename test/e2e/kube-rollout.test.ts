import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { unmountTree } from "../../src/kernel/index.ts";
import { removeKernelState } from "../../src/platform/reset.ts";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, nodePod, podOf, shell, shellPod, useKube } from "../support/kube.ts";
import { instanceAt } from "../support/machine.ts";

const kube = useKube(["busybox", "node"]);

/** Answers with its version, and ends the moment it is told to: what is still led to it then fails. */
const server = (version: string) => `
  require("node:http").createServer((req, res) => { res.setHeader("connection", "close"); res.end("${version}"); }).listen(8080);
  process.on("SIGTERM", () => process.exit(0));`;

function deployment(name: string, version: string, more: Json = {}): Json {
  const { spec } = nodePod(
    name,
    server(version),
    {},
    {
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
    },
  );
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { ...spec, terminationGracePeriodSeconds: 5 } },
      ...more,
    },
  };
}

const service = (name: string): Json => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});

interface PodFacts {
  name: string;
  uid: string;
  restarts: number;
  containerId: string;
  deleting: boolean;
}

async function podsOf(app: string, on = kube): Promise<PodFacts[]> {
  const list = await on.get(`pods?labelSelector=app%3D${app}`);
  return list.items.map((pod: Json) => ({
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    restarts: pod.status.containerStatuses?.[0]?.restartCount ?? 0,
    containerId: pod.status.containerStatuses?.[0]?.containerID,
    deleting: pod.metadata.deletionTimestamp !== undefined,
  }));
}

/** Asks on new connections without pause until told to stop. */
class Load {
  readonly failures: string[] = [];
  readonly versions = new Set<string>();
  requests = 0;
  #stopping = false;
  readonly #workers: Promise<void>[];

  constructor(host: string, workers = 4) {
    this.#workers = Array.from({ length: workers }, () => this.#work(host));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers);
  }

  async #work(host: string): Promise<void> {
    while (!this.#stopping) {
      this.requests++;
      try {
        this.versions.add(await ask(host));
      } catch (error) {
        this.failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function ask(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const message = request({ host, port: 80, agent: false, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve(text)).on("error", reject);
    });
    message.on("timeout", () => message.destroy(new Error("no answer within 5 s")));
    message.on("error", reject).end();
  });
}

describe("probes", () => {
  it("restart what does not live, start what is slow, and take what is not ready out of its Service", async () => {
    const touch = (path: string) => ({ exec: { command: ["test", "-e", path] } });
    await kube.apply([
      shellPod(
        "lives",
        "touch /tmp/alive; sleep 1; rm /tmp/alive; sleep 1000",
        {},
        {
          livenessProbe: { ...touch("/tmp/alive"), periodSeconds: 1, failureThreshold: 2 },
        },
      ),
      shellPod(
        "slow",
        "sleep 2; touch /tmp/up; sleep 1000",
        {},
        {
          startupProbe: { ...touch("/tmp/up"), periodSeconds: 1, failureThreshold: 20 },
          livenessProbe: { ...touch("/tmp/up"), periodSeconds: 1, failureThreshold: 1 },
        },
      ),
      shellPod(
        "never-up",
        "sleep 1000",
        {},
        {
          startupProbe: { ...touch("/tmp/up"), periodSeconds: 1, failureThreshold: 2 },
        },
      ),
      nodePod(
        "ready",
        server("ready"),
        {},
        {
          readinessProbe: {
            exec: { command: ["test", "!", "-e", "/tmp/away"] },
            periodSeconds: 1,
            failureThreshold: 1,
          },
        },
      ),
      nodePod(
        "tcp",
        "setTimeout(() => require('node:net').createServer().listen(8080), 1000)",
        {},
        {
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        },
      ),
      service("ready"),
    ]);
    const endpoints = async () => (await kube.get("endpoints/ready")).subsets?.[0]?.addresses?.length ?? 0;
    await eventually("an endpoint", async () => (await endpoints()) === 1);
    await kube.exec("ready", "touch", "/tmp/away");
    await eventually("no endpoint", async () => (await endpoints()) === 0);
    expect((await kube.must("get", "pod", "ready", "--no-headers")).split(/ +/)[1]).toBe("0/1");
    await kube.exec("ready", "rm", "/tmp/away");
    await eventually("an endpoint again", async () => (await endpoints()) === 1);

    await kube.untilReady("tcp");
    await kube.untilPod("lives", "restarted", (pod) => pod.status.containerStatuses[0].restartCount > 0);
    const events = (await kube.events("lives")).join("\n");
    expect(events).toMatch(/^Unhealthy: Liveness probe failed: $/m);
    expect(events).toMatch(/^Killing: Container main failed liveness probe, will be restarted$/m);
    const slow = await kube.untilReady("slow");
    expect(slow.status.containerStatuses[0]).toMatchObject({ restartCount: 0, started: true });
    await kube.untilPod("never-up", "restarted", (pod) => pod.status.containerStatuses[0].restartCount > 0);
    expect((await kube.events("never-up")).join("\n")).toMatch(/failed startup probe, will be restarted/);
    await kube.must("delete", "pod", "lives", "slow", "never-up", "ready", "tcp", "--wait=false");
  });
});

describe("a rolling update", () => {
  it("does not lose one request, though the servers end at once; nor do undo, scaling and deletion", async () => {
    await kube.apply([deployment("web", "v1"), service("web")]);
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    const host = (await kube.get("services/web")).spec.clusterIP;
    await eventually("an answer", () => ask(host));
    const load = new Load(host);
    await kube.apply(deployment("web", "v2"));
    const status = await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    expect(status).toContain('deployment "web" successfully rolled out');
    await kube.must("rollout", "undo", "deployment/web");
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await kube.must("scale", "deployment/web", "--replicas=5");
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await kube.must("scale", "deployment/web", "--replicas=1");
    await kube.must("scale", "deployment/web", "--replicas=2");
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    const pod = (await podsOf("web")).find(({ deleting }) => !deleting);
    await kube.must("delete", "pod", pod!.name);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.requests).toBeGreaterThan(200);
    expect([...load.versions].sort()).toEqual(["v1", "v2"]);
    expect(await kube.must("rollout", "history", "deployment/web")).toMatch(/REVISION.*\n2 .*\n3 /s);
    await kube.must("delete", "deployment", "web");
  });

  it("stops at a version that does not become ready, and says so", async () => {
    const bad = deployment("stuck", "v2", { progressDeadlineSeconds: 2 });
    await kube.apply(deployment("stuck", "v1", { progressDeadlineSeconds: 2 }));
    await kube.must("rollout", "status", "deployment/stuck", "--timeout=60s");
    bad.spec.template.spec.containers[0].readinessProbe = { exec: { command: ["false"] } };
    await kube.apply(bad);
    const status = await kube.kubectl("rollout", "status", "deployment/stuck", "--timeout=60s");
    expect(status.code).toBe(1);
    expect(status.stderr).toBe('error: deployment "stuck" exceeded its progress deadline\n');
    expect((await kube.get("apps/v1 deployments/stuck")).status).toMatchObject({
      availableReplicas: 3,
      unavailableReplicas: 1,
    });
    await kube.must("delete", "deployment", "stuck");
  });
});

describe("kill -9 of the program", () => {
  it("in the midst of a rollout and of a namespace's deletion: all converges, and nothing restarts that need not", async () => {
    const going = await kube.in("going");
    await kube.apply([deployment("web", "v1"), service("web"), shellPod("bystander", "sleep 1000")]);
    await going.apply([
      deployment("doomed", "v1"),
      ...Array.from({ length: 20 }, (_, index) => configMap(`c-${index}`, { k: "v" })),
      shellPod("slow-end", "trap 'sleep 2; exit 0' TERM; while :; do sleep 0.05; done", {
        terminationGracePeriodSeconds: 20,
      }),
    ]);
    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await going.must("rollout", "status", "deployment/doomed", "--timeout=60s");
    await Promise.all([kube.untilReady("bystander"), going.untilReady("slow-end")]);
    const [bystander] = await podsOf("bystander");
    const host = (await kube.get("services/web")).spec.clusterIP;
    const load = new Load(host, 2);

    await kube.apply(deployment("web", "v2"));
    await kube.must("delete", "namespace", "going", "--wait=false");
    await eventually("a first new pod", async () => (await podsOf("web")).length > 3, 10_000, 10);
    const before = await podsOf("web");
    await kube.platform.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await kube.platform.up();

    await kube.must("rollout", "status", "deployment/web", "--timeout=60s");
    await kube.must("wait", "--for=delete", "namespace/going", "--timeout=60s");
    await load.stop();
    expect(load.failures).toEqual([]);
    const after = await eventually("three pods", async () => {
      const pods = (await podsOf("web")).filter((pod) => !pod.deleting);
      return pods.length === 3 ? pods : undefined;
    });
    expect(after.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
    // Pods of the new version that were there go on as they were.
    for (const pod of after) {
      const known = before.find(({ uid }) => uid === pod.uid);
      if (known?.containerId) expect(pod.containerId).toBe(known.containerId);
    }
    expect(await podsOf("bystander")).toEqual([bystander]);
    expect(await ask(host)).toBe("v2");
    expect((await kube.get("apps/v1 deployments/web")).status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
    });
    // Nothing of the namespace's containers is left.
    const ps = await kube.platform.docker("ps", "-a", "--format", "{{.Names}}");
    expect(ps.stdout).not.toMatch(/doomed|slow-end/);
  });

  it("again and again while pods come and go", async () => {
    await kube.apply(deployment("churn", "v1", { replicas: 2 }));
    for (let round = 0; round < 3; round++) {
      await kube.must("scale", "deployment/churn", `--replicas=${round % 2 === 0 ? 5 : 1}`);
      await new Promise((resolve) => setTimeout(resolve, 80 * (round + 1)));
      await kube.platform.kill();
      await kube.platform.up();
    }
    await kube.must("rollout", "status", "deployment/churn", "--timeout=60s");
    const pods = await eventually("five pods, and no other", async () => {
      const all = await podsOf("churn");
      return all.length === 5 && all.every(({ deleting }) => !deleting) ? all : undefined;
    });
    expect(pods.map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0, 0]);
    await kube.must("delete", "deployment", "churn", "web");
    await eventually("no pods", async () => (await podsOf("churn")).length === 0);
  });
});

describe("a reboot", () => {
  it("starts every pod anew that is to run, and ends those that are not to be run twice", async () => {
    const { instanceId } = instanceAt(kube.platform.home);
    const marked = (name: string, spec: Json): Json =>
      podOf(
        name,
        [
          {
            name: "main",
            ...shell("cat /kept/starts /secret/key; ls /memory | wc -l; touch /memory/x; sleep 1000"),
            volumeMounts: ["kept", "memory", "secret"].map((volume) => ({
              name: volume,
              mountPath: `/${volume}`,
            })),
          },
        ],
        {
          initContainers: [
            {
              name: "init",
              ...shell("echo start >>/kept/starts"),
              volumeMounts: [{ name: "kept", mountPath: "/kept" }],
            },
          ],
          volumes: [
            { name: "kept", emptyDir: {} },
            { name: "memory", emptyDir: { medium: "Memory" } },
            { name: "secret", secret: { secretName: "key" } },
          ],
          ...spec,
        },
      );
    await kube.apply([
      { apiVersion: "v1", kind: "Secret", metadata: { name: "key" }, stringData: { key: "secret\n" } },
      deployment("after", "v1"),
      service("after"),
      marked("again", {}),
      marked("once", { restartPolicy: "Never" }),
    ]);
    await kube.must("rollout", "status", "deployment/after", "--timeout=60s");
    await Promise.all([kube.untilReady("again"), kube.untilReady("once")]);
    const before = (await podsOf("after")).map(({ uid }) => uid).sort();
    await kube.platform.kill();
    // All that a kernel forgets: processes, cgroups, links, rules, namespaces, mounts.
    await removeKernelState(instanceId!);
    unmountTree(kube.platform.home);
    await kube.platform.up();

    await kube.untilPod("again", "restarted", (pod) => pod.status.containerStatuses[0].restartCount === 1);
    await kube.untilReady("again");
    expect(await kube.logs("again")).toBe("start\nstart\nsecret\n0\n");
    expect((await kube.untilPhase("once", "Failed")).status.containerStatuses[0]).toMatchObject({
      restartCount: 0,
      state: { terminated: { exitCode: 137 } },
    });
    await kube.must("rollout", "status", "deployment/after", "--timeout=60s");
    expect((await podsOf("after")).map(({ uid }) => uid).sort()).toEqual(before);
    const host = (await kube.get("services/after")).spec.clusterIP;
    await eventually("an answer", async () => (await ask(host)) === "v1");
  });
});
