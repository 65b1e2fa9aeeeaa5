import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { importBusybox } from "../../engine/testing/test-home.ts";
import { killProcess } from "../../kernel/index.ts";
import type { Container, ContainerStatus, Pod } from "../api/index.ts";
import { configMaps, leases, nodes, pods, secrets } from "../api/index.ts";
import type { PodLogOptions } from "../client/node-access.ts";
import { containerConfig } from "./containers/container-config.ts";
import type { LeavingPod, UntilPodLeft } from "./pods/pod-terminator.ts";
import { openTestCluster, type TestCluster } from "./testing/test-cluster.ts";

/** Says `up` when it will take SIGTERM for what it is. */
const SLEEPER = ["sh", "-c", "trap 'exit 0' TERM; echo up; while true; do sleep 0.05; done"];

function app(more: Partial<Container> = {}): Container {
  return { name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: SLEEPER, ...more };
}

const script = (text: string): Partial<Container> => ({ command: ["sh", "-c", text] });

function isTrue(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((one) => one.type === type && one.status === "True") === true;
}
const isReady = (pod: Pod) => isTrue(pod, "Ready");
const isRunning = (pod: Pod) => pod.status?.phase === "Running";
const statusOf = (pod: Pod) => pod.status?.containerStatuses?.[0] as ContainerStatus;

describe("pods on a real node", () => {
  let cluster: TestCluster;
  let made: string[] = [];
  const atOnce: UntilPodLeft = async () => {};
  let untilPodLeft = atOnce;
  beforeAll(async () => {
    cluster = await openTestCluster("0be1e7", {
      untilPodLeft: (pod, signal) => untilPodLeft(pod, signal),
    });
  }, 30_000);
  afterAll(() => cluster?.close(), 30_000);
  afterEach(async () => {
    untilPodLeft = atOnce;
    for (const name of made) await cluster.remove(name, 0).catch(() => {});
    for (const name of made) await cluster.untilGone(name);
    made = [];
    await eventually(async () => (await cluster.cri.runtime.listPodSandboxes()).length === 0);
  });

  function create(
    name: string,
    spec: Partial<Pod["spec"]>,
    metadata: Partial<Pod["metadata"]> = {},
  ): Promise<Pod> {
    made.push(name);
    return cluster.create(name, spec, metadata);
  }

  const target = (pod: Pod, container = "app") => ({
    nodeName: "node-1",
    namespace: "default",
    podName: pod.metadata.name,
    podUid: pod.metadata.uid,
    container,
  });

  async function log(pod: Pod, options: PodLogOptions = {}, container = "app"): Promise<string> {
    const chunks: Uint8Array[] = [];
    const signal = new AbortController().signal;
    for await (const chunk of await cluster.kubelet.logs(target(pod, container), options, signal))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  async function exec(pod: Pod, ...command: string[]): Promise<string> {
    const stdout = new PassThrough();
    const chunks: Buffer[] = [];
    stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const options = { stdin: false, stdout: true, stderr: true, tty: false };
    await cluster.kubelet.exec(
      target(pod),
      command,
      options,
      { stdout, stderr: stdout },
      new AbortController().signal,
    );
    return Buffer.concat(chunks).toString();
  }

  async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (let tries = 0; tries < 400; tries++) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      await systemClock.sleep(20);
    }
    throw new Error("it never came true");
  }

  it("registers its node and keeps a lease", async () => {
    const node = await cluster.client.get(nodes, undefined, "node-1");
    expect(node.metadata.labels).toMatchObject({
      "kubernetes.io/hostname": "node-1",
      "kubernetes.io/os": "linux",
    });
    expect(node.status!.nodeInfo).toMatchObject({
      kubeletVersion: "v1.33.0",
      containerRuntimeVersion: "gantry://0.1.0",
    });
    expect(node.status!.capacity!.pods).toBe("110");
    const conditions = node.status!.conditions!.map(
      (one: { type: string; status: string }) => `${one.type}=${one.status}`,
    );
    expect(conditions).toEqual([
      "MemoryPressure=False",
      "DiskPressure=False",
      "PIDPressure=False",
      "Ready=True",
    ]);
    const lease = await eventually(() =>
      cluster.client.get(leases, "kube-node-lease", "node-1").catch(() => undefined),
    );
    expect(lease.spec).toMatchObject({ holderIdentity: "node-1", leaseDurationSeconds: 40 });
  });

  it("runs a pod and ends it without a trace", async () => {
    const { metadata } = await create("quick", { containers: [app()] });
    const pod = await cluster.until("quick", isReady);
    await eventually(async () => (await log(pod)) === "up\n");
    expect(pod.status).toMatchObject({
      phase: "Running",
      qosClass: "BestEffort",
      podIP: expect.stringMatching(/^\d/),
    });
    expect(statusOf(pod)).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      image: "docker.io/library/busybox:latest",
    });
    await eventually(async () => (await cluster.events("quick")).length >= 3);
    expect(await cluster.events("quick")).toEqual([
      'Normal Pulled: Container image "busybox" already present on machine',
      "Normal Created: Created container: app",
      "Normal Started: Started container app",
    ]);
    await cluster.remove("quick");
    await cluster.untilGone("quick");
    await eventually(async () => (await cluster.cri.runtime.listPodSandboxes()).length === 0);
    expect(await cluster.cri.runtime.listContainers()).toEqual([]);
    expect(existsSync(join(cluster.home.dir, "kubelet/pods", metadata.uid))).toBe(false);
    expect(readdirSync(join(cluster.home.dir, "logs/pods"))).toEqual([]);
  });

  it("restarts a container whose process was killed", async () => {
    await create("killed", { containers: [app()] });
    const before = await cluster.until("killed", isReady);
    const [{ pid } = { pid: 0 }] = await cluster.cri.runtime.listContainers();
    killProcess(pid, "SIGKILL");
    const after = await cluster.until("killed", (pod) => statusOf(pod)?.restartCount === 1 && isReady(pod));
    expect(statusOf(after).lastState?.terminated).toMatchObject({
      exitCode: 137,
      reason: "Error",
      containerID: statusOf(before).containerID,
    });
    expect(after.status!.podIP).toBe(before.status!.podIP);
  });

  it("backs off from a container that keeps failing, and keeps its logs and last words", async () => {
    await create("crashing", {
      containers: [app({ ...script("echo run; echo 'my last words' > /dev/termination-log; exit 3") })],
    });
    const pod = await cluster.until(
      "crashing",
      (one) => statusOf(one)?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    expect(statusOf(pod)).toMatchObject({
      restartCount: 1,
      ready: false,
      state: {
        waiting: {
          message: `back-off 10s restarting failed container=app pod=crashing_default(${pod.metadata.uid})`,
        },
      },
      lastState: { terminated: { exitCode: 3, reason: "Error", message: "my last words\n" } },
    });
    expect(pod.status!.phase).toBe("Running");
    expect(await log(pod)).toBe("run\n");
    expect(await log(pod, { previous: true })).toBe("run\n");
    await eventually(async () =>
      (await cluster.events("crashing")).includes(
        `Warning BackOff: Back-off restarting failed container app in pod crashing_default(${pod.metadata.uid})`,
      ),
    );
  });

  it("takes a pod to its end by its restart policy", async () => {
    await create("job", { restartPolicy: "Never", containers: [app({ ...script("echo done") })] });
    await create("failing", { restartPolicy: "Never", containers: [app({ ...script("exit 4") })] });
    const job = await cluster.until("job", (pod) => pod.status?.phase === "Succeeded");
    expect(statusOf(job).state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    const failing = await cluster.until("failing", (pod) => pod.status?.phase === "Failed");
    expect(statusOf(failing).state?.terminated).toMatchObject({ exitCode: 4, reason: "Error" });
    // Its log stays until the pod is deleted, its address does not.
    await eventually(async () =>
      (await cluster.cri.runtime.listPodSandboxes()).every(({ state }) => state === "NOTREADY"),
    );
    expect(await log(job)).toBe("done\n");
  });

  it("runs init containers in order, and sidecars beside the rest", async () => {
    await create("ordered", {
      volumes: [{ name: "shared", emptyDir: {} }],
      initContainers: [
        app({
          name: "one",
          ...script("echo 1 >> /shared/order"),
          volumeMounts: [{ name: "shared", mountPath: "/shared" }],
        }),
        app({ name: "proxy", restartPolicy: "Always" }),
        app({
          name: "two",
          ...script("echo 2 >> /shared/order"),
          volumeMounts: [{ name: "shared", mountPath: "/shared" }],
        }),
      ],
      containers: [app({ volumeMounts: [{ name: "shared", mountPath: "/shared" }] })],
    });
    const pod = await cluster.until("ordered", isReady);
    expect(await exec(pod, "cat", "/shared/order")).toBe("1\n2\n");
    const [one, proxy, two] = pod.status!.initContainerStatuses!;
    expect([one!.state?.terminated?.exitCode, two!.state?.terminated?.exitCode]).toEqual([0, 0]);
    expect(proxy).toMatchObject({ ready: true, started: true });
    expect(isTrue(pod, "Initialized")).toBe(true);
  });

  it("follows probes: started, ready, restarted", async () => {
    await create("probed", {
      containers: [
        app({
          ...script(
            "trap 'exit 0' TERM; touch /alive; sleep 0.3; touch /ready; while true; do sleep 0.05; done",
          ),
          startupProbe: { exec: { command: ["ls", "/alive"] }, periodSeconds: 1, failureThreshold: 10 },
          readinessProbe: { exec: { command: ["cat", "/ready"] }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ["cat", "/alive"] }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    });
    await cluster.until("probed", (pod) => isRunning(pod) && !isReady(pod));
    const pod = await cluster.until("probed", isReady);
    await exec(pod, "rm", "/ready");
    await cluster.until("probed", (one) => isRunning(one) && !isReady(one));
    await exec(pod, "rm", "/alive");
    const restarted = await cluster.until(
      "probed",
      (one) => statusOf(one)?.restartCount === 1 && isReady(one),
    );
    expect(statusOf(restarted).lastState?.terminated?.exitCode).toBe(0);
    const events = await cluster.events("probed");
    expect(events).toContain("Normal Killing: Container app failed liveness probe, will be restarted");
    expect(
      events.some((event) =>
        event.startsWith("Warning Unhealthy: Readiness probe failed: cat: can't open '/ready'"),
      ),
    ).toBe(true);
  });

  it("ends a pod gracefully: preStop, SIGTERM, and the object last", async () => {
    await create("graceful", {
      terminationGracePeriodSeconds: 20,
      volumes: [
        { name: "out", hostPath: { path: join(cluster.home.dir, "out"), type: "DirectoryOrCreate" } },
      ],
      containers: [
        app({
          ...script("trap 'echo term >> /out/trace; exit 0' TERM; while true; do sleep 0.05; done"),
          lifecycle: {
            postStart: { exec: { command: ["sh", "-c", "echo start >> /out/trace"] } },
            preStop: { exec: { command: ["sh", "-c", "sleep 0.3; echo stop >> /out/trace"] } },
          },
          volumeMounts: [{ name: "out", mountPath: "/out" }],
        }),
      ],
    });
    await cluster.until("graceful", isReady);
    await cluster.remove("graceful");
    const ending = await cluster.until("graceful", (pod) => pod.metadata.deletionTimestamp !== undefined);
    expect(isRunning(ending)).toBe(true);
    await cluster.untilGone("graceful");
    expect(readFileSync(join(cluster.home.dir, "out/trace"), "utf8")).toBe("start\nstop\nterm\n");
  });

  it("hurries when a second deletion has less patience, and when one is forced", async () => {
    const deaf = script("trap '' TERM; while true; do sleep 0.05; done");
    await create("deaf", { terminationGracePeriodSeconds: 60, containers: [app({ ...deaf })] });
    await cluster.until("deaf", isReady);
    await cluster.remove("deaf");
    await cluster.until("deaf", (pod) => pod.metadata.deletionTimestamp !== undefined);
    await cluster.remove("deaf", 1);
    await cluster.untilGone("deaf");
    await create("forced", { terminationGracePeriodSeconds: 60, containers: [app({ ...deaf })] });
    await cluster.until("forced", isReady);
    await cluster.remove("forced", 0);
    await cluster.untilGone("forced");
    await eventually(async () => (await cluster.cri.runtime.listContainers()).length === 0);
  });

  it("gives volumes that follow their objects, environment, and a service account", async () => {
    await cluster.client.create(configMaps, {
      metadata: { name: "settings", namespace: "default" },
      data: { color: "red" },
    });
    await cluster.client.create(secrets, {
      metadata: { name: "login", namespace: "default" },
      stringData: { password: "s3cret" },
    });
    await create("configured", {
      hostname: "db-0",
      subdomain: "db",
      volumes: [
        { name: "conf", configMap: { name: "settings" } },
        { name: "late", configMap: { name: "late" } },
      ],
      containers: [
        app({
          env: [
            { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "login", key: "password" } } },
          ],
          volumeMounts: [
            { name: "conf", mountPath: "/conf" },
            { name: "late", mountPath: "/late/file", subPath: "file" },
          ],
        }),
      ],
    });
    await eventually(async () =>
      (await cluster.events("configured")).includes(
        'Warning FailedMount: MountVolume.SetUp failed for volume "late" : configmap "late" not found',
      ),
    );
    await cluster.client.create(configMaps, {
      metadata: { name: "late", namespace: "default" },
      data: { file: "in time" },
    });
    const pod = await cluster.until("configured", isReady);
    expect(await exec(pod, "sh", "-c", "echo $POD_IP $PASSWORD $KUBERNETES_SERVICE_HOST")).toBe(
      `${pod.status!.podIP} s3cret 10.196.0.1\n`,
    );
    expect(await exec(pod, "cat", "/late/file")).toBe("in time");
    expect(await exec(pod, "hostname")).toBe("db-0\n");
    expect(await exec(pod, "cat", "/etc/hosts")).toContain(
      `${pod.status!.podIP}\tdb-0.db.default.svc.cluster.local\tdb-0\n`,
    );
    expect(await exec(pod, "cat", "/etc/resolv.conf")).toContain(
      "search default.svc.cluster.local svc.cluster.local cluster.local",
    );
    const account = "/var/run/secrets/kubernetes.io/serviceaccount";
    expect(await exec(pod, "cat", `${account}/namespace`, `${account}/ca.crt`)).toBe("defaultCERT");
    expect((await exec(pod, "cat", `${account}/token`)).split(".")).toHaveLength(3);
    await cluster.client.patch(configMaps, "default", "settings", "merge", { data: { color: "blue" } });
    await eventually(async () => (await exec(pod, "cat", "/conf/color")) === "blue");
  });

  it("says why a container cannot be started", async () => {
    await create("no-image", { containers: [app({ image: "none.invalid/none:1" })] });
    await create("never", { containers: [app({ image: "none.invalid/none:1", imagePullPolicy: "Never" })] });
    await create("bad-name", { containers: [app({ image: "no//name" })] });
    await create("no-secret", {
      containers: [app({ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] })],
    });
    await create("root", { securityContext: { runAsNonRoot: true }, containers: [app()] });
    await create("no-program", { containers: [app({ command: ["/none"] })] });
    const waiting = async (name: string, reason: string) =>
      (await cluster.until(name, (pod) => statusOf(pod)?.state?.waiting?.reason === reason)).status!
        .containerStatuses![0]!.state!.waiting!.message;
    expect(await waiting("no-image", "ErrImagePull")).toBeTruthy();
    expect(await waiting("never", "ErrImageNeverPull")).toBe(
      'Container image "none.invalid/none:1" is not present with pull policy of Never',
    );
    expect(await waiting("bad-name", "InvalidImageName")).toContain("invalid reference format");
    expect(await waiting("no-secret", "CreateContainerConfigError")).toBe('secret "none" not found');
    expect(await waiting("root", "CreateContainerConfigError")).toContain(
      "container has runAsNonRoot and image will run as root",
    );
    expect(await waiting("no-program", "CrashLoopBackOff")).toContain("back-off");
    await expect(log((await cluster.get("never"))!)).rejects.toThrow(
      'container "app" in pod "never" is waiting to start: ErrImageNeverPull',
    );
    await cluster.client.create(secrets, {
      metadata: { name: "none", namespace: "default" },
      stringData: { k: "v" },
    });
    await cluster.until("no-secret", isReady);
  });

  it("refuses a pod that does not fit", async () => {
    await create("huge", { containers: [app({ resources: { requests: { cpu: "1000" } } })] });
    const pod = await cluster.until("huge", (one) => one.status?.phase === "Failed");
    expect(pod.status).toMatchObject({
      reason: "OutOfcpu",
      message: expect.stringContaining(
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: ",
      ),
    });
    await create("elsewhere", { nodeSelector: { disk: "none" }, containers: [app()] });
    expect((await cluster.until("elsewhere", (one) => one.status?.phase === "Failed")).status!.reason).toBe(
      "NodeAffinity",
    );
  });

  it("ends a pod whose time is over", async () => {
    await create("late", { activeDeadlineSeconds: 1, containers: [app()] });
    const pod = await cluster.until("late", (one) => one.status?.phase === "Failed");
    expect(pod.status).toMatchObject({
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    });
  });

  it("shares the host's network, or the processes of the pod, where that is asked for", async () => {
    await create("on-host", { hostNetwork: true, automountServiceAccountToken: false, containers: [app()] });
    const onHost = await cluster.until("on-host", isReady);
    expect(onHost.status!.podIP).toBe(cluster.nodeIp);
    expect(await exec(onHost, "ip", "link")).toContain("-pods");
    await create("together", {
      shareProcessNamespace: true,
      containers: [app(), app({ name: "other", command: ["sleep", "4711"] })],
    });
    const together = await cluster.until("together", isReady);
    expect(await exec(together, "ps")).toContain("sleep 4711");
  });

  it("restarts a container whose image is changed", async () => {
    await importBusybox(cluster.home.images, "busybox:other");
    await create("changing", { terminationGracePeriodSeconds: 1, containers: [app()] });
    const before = await cluster.until("changing", isReady);
    const containers = [{ name: "app", image: "busybox:other" }];
    await cluster.client.patch(pods, "default", "changing", "strategic", { spec: { containers } });
    const after = await cluster.until("changing", (pod) => statusOf(pod)?.restartCount === 1 && isReady(pod));
    expect(statusOf(after).image).toBe("docker.io/library/busybox:other");
    expect(after.status!.podIP).toBe(before.status!.podIP);
    expect(await cluster.events("changing")).toContain(
      "Normal Killing: Container app definition changed, will be restarted",
    );
  });

  it("runs an image that was only ever here, whatever the pull policy", async () => {
    await create("local", { containers: [app({ image: "busybox:latest", imagePullPolicy: "Always" })] });
    await cluster.until("local", isReady);
  });

  it("makes a new sandbox when the pod's is gone", async () => {
    await create("moved", { containers: [app()] });
    await cluster.until("moved", isReady);
    const [sandbox] = await cluster.cri.runtime.listPodSandboxes();
    await cluster.cri.runtime.stopPodSandbox(sandbox!.id);
    const after = await cluster.until("moved", (pod) => statusOf(pod)?.restartCount === 1 && isReady(pod));
    const ready = (await cluster.cri.runtime.listPodSandboxes()).filter(({ state }) => state === "READY");
    expect(ready.map(({ ip, metadata }) => [ip, metadata.attempt])).toEqual([[after.status!.podIP, 1]]);
  });

  it("attaches to what runs", async () => {
    await create("attached", { containers: [app({ command: ["cat"], stdin: true, stdinOnce: true })] });
    const pod = await cluster.until("attached", isReady);
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const chunks: Buffer[] = [];
    stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const options = { stdin: true, stdout: true, stderr: false, tty: false };
    const done = cluster.kubelet.attach(
      target(pod),
      options,
      { stdin, stdout },
      new AbortController().signal,
    );
    stdin.write("hello\n");
    await eventually(async () => Buffer.concat(chunks).toString() === "hello\n");
    stdin.end();
    await done;
  });

  it("serves logs as they come, and ports", async () => {
    await create("talking", {
      containers: [
        app({ ...script("for i in 1 2 3; do echo line $i; sleep 0.1; done; exec nc -ll -p 7000 -e cat") }),
      ],
    });
    const pod = await cluster.until("talking", isReady);
    const stop = new AbortController();
    const lines: string[] = [];
    for await (const chunk of await cluster.kubelet.logs(target(pod), { follow: true }, stop.signal)) {
      lines.push(...Buffer.from(chunk).toString().split("\n").filter(Boolean));
      if (lines.length === 3) break;
    }
    expect(lines).toEqual(["line 1", "line 2", "line 3"]);
    expect(await log(pod, { tailLines: 1 })).toBe("line 3\n");
    const stream = await eventually(() =>
      cluster.kubelet.portForward(target(pod), 7000).catch(() => undefined),
    );
    const echoed = new Promise<string>((resolve) =>
      stream.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    stream.write("hello");
    expect(await echoed).toBe("hello");
    stream.destroy();
  });

  it("publishes host ports", async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, () => resolve()));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    await create("published", {
      containers: [
        app({
          command: ["nc", "-ll", "-p", "80", "-e", "cat"],
          ports: [{ containerPort: 80, hostPort: port }],
          readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
        }),
      ],
    });
    await cluster.until("published", isReady);
    const echoed = new Promise<string>((resolve, reject) => {
      const socket = connect({ host: cluster.nodeIp, port });
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      socket.write("hello");
    });
    expect(await echoed).toBe("hello");
    await create("conflicting", { containers: [app({ ports: [{ containerPort: 80, hostPort: port }] })] });
    expect((await cluster.until("conflicting", (pod) => pod.status?.phase === "Failed")).status!.reason).toBe(
      "NodePorts",
    );
  });

  it("ends a pod's containers once it has left its Services, and within its grace at the latest", async () => {
    const left = Promise.withResolvers<void>();
    const asked: LeavingPod[] = [];
    untilPodLeft = (pod) => {
      asked.push(pod);
      return left.promise;
    };
    await create("serving", { containers: [app()] }, { labels: { app: "web" } });
    const serving = await cluster.until("serving", isReady);
    await cluster.remove("serving");
    await eventually(async () => asked.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { uid } = serving.metadata;
    expect(asked).toEqual([{ uid, namespace: "default", labels: { app: "web" }, isListed: true }]);
    expect(await exec(serving, "echo", "alive")).toBe("alive\n");
    left.resolve();
    await cluster.untilGone("serving");

    untilPodLeft = (_pod, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await create("stuck", { containers: [app()] });
    await cluster.until("stuck", isReady);
    const beganMs = performance.now();
    await cluster.remove("stuck", 2);
    await cluster.untilGone("stuck");
    expect(performance.now() - beganMs).toBeGreaterThan(1_900);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    // A forced deletion waits for nobody.
    await create("forced", { containers: [app()] });
    await cluster.until("forced", isReady);
    await cluster.remove("forced", 0);
    await eventually(async () => (await cluster.cri.runtime.listPodSandboxes()).length === 0);
  });

  it("starts what was made and never started, and counts no restart", async () => {
    const env = [{ name: "A", valueFrom: { secretKeyRef: { name: "late", key: "k" } } }];
    await create("late", { containers: [app({ env })] });
    const pod = await cluster.until("late", (pod) => statusOf(pod)?.state?.waiting?.message !== undefined);
    const { runtime, images } = cluster.cri;
    const [sandbox] = await runtime.listPodSandboxes({
      labels: { "io.kubernetes.pod.uid": pod.metadata.uid },
    });
    // As the end of the program leaves it between the two steps.
    const config = containerConfig({
      pod,
      container: app(),
      image: (await images.imageStatus("busybox"))!,
      attempt: 0,
      env: new Map(),
      mounts: [],
      nodeMemoryBytes: 2 ** 30,
    });
    const id = await runtime.createContainer(sandbox!.id, config, {} as never);
    await cluster.client.create(secrets, {
      metadata: { name: "late", namespace: "default" },
      data: { k: "dg==" },
    });
    const started = await cluster.until("late", isReady);
    expect(statusOf(started).restartCount).toBe(0);
    expect((await runtime.listContainers()).map((container) => container.id)).not.toContain(id);
  });

  it("adopts what runs after a restart, and catches up with what happened meanwhile", async () => {
    await create("steady", { containers: [app({ readinessProbe: { exec: { command: ["true"] } } })] });
    await create("doomed", { containers: [app()] });
    await create("forgotten", { containers: [app()] });
    await create("dying", { containers: [app()] });
    const steady = await cluster.until("steady", isReady);
    const dying = await cluster.until("dying", isReady);
    for (const name of ["doomed", "forgotten"]) await cluster.until(name, isReady);
    const all = await cluster.cri.runtime.listContainers();
    const pidOf = (name: string) => all.find(({ labels }) => labels["io.kubernetes.pod.name"] === name)!.pid;
    const watch = new AbortController();
    const unready: Pod[] = [];
    const watching = (async () => {
      const options = { namespace: "default", fieldSelector: "metadata.name=steady", signal: watch.signal };
      for await (const event of cluster.client.watch(pods, options)) {
        if (event.type === "MODIFIED" && !isReady(event.object)) unready.push(event.object);
      }
    })();
    await cluster.restartNode(async () => {
      await cluster.remove("doomed");
      await cluster.remove("forgotten", 0);
      killProcess(pidOf("dying"), "SIGKILL");
    });
    await cluster.untilGone("doomed");
    const restarted = await cluster.until("dying", (pod) => statusOf(pod).restartCount === 1 && isReady(pod));
    expect(restarted.status!.podIP).toBe(dying.status!.podIP);
    await eventually(async () => (await cluster.cri.runtime.listPodSandboxes()).length === 2);
    const after = (await cluster.get("steady"))!;
    expect(statusOf(after)).toEqual(statusOf(steady));
    expect(after.status!.podIP).toBe(steady.status!.podIP);
    expect(await exec(after, "echo", "alive")).toBe("alive\n");
    watch.abort();
    await watching.catch(() => {});
    expect(unready).toEqual([]);
  });
});
