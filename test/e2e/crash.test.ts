import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { eventually } from "../support/eventually.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

const COUNTER = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.05; done';
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: counter }
spec:
  replicas: 2
  selector: { matchLabels: { app: counter } }
  template:
    metadata: { labels: { app: counter } }
    spec:
      containers:
        - name: main
          image: busybox
          imagePullPolicy: IfNotPresent
          command: ["sh", "-c", ${JSON.stringify(COUNTER)}]
          readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 }
`;

let platform: TestPlatform;

beforeAll(async () => {
  platform = await startPlatform();
  makeBaseImages(["busybox"], platform.env);
});
afterAll(() => platform.reset());

interface PodFacts {
  uid: string;
  ip: string;
  restarts: number;
  containerId: string;
}

async function pods(): Promise<PodFacts[]> {
  const list = JSON.parse((await platform.kubectl("get", "pods", "-l", "app=counter", "-o", "json")).stdout);
  // biome-ignore lint/suspicious/noExplicitAny: a Pod as JSON
  return list.items.map((pod: any) => ({
    uid: pod.metadata.uid,
    ip: pod.status.podIP,
    restarts: pod.status.containerStatuses?.[0]?.restartCount,
    containerId: pod.status.containerStatuses?.[0]?.containerID,
  }));
}

/** Lines of a counter's log must be 1, 2, 3, … without a gap or a repeat. */
function assertCounts(log: string, atLeast: number): void {
  const numbers = log
    .trim()
    .split("\n")
    .map((line) => Number(/^line (\d+)$/.exec(line)?.[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(atLeast);
}

describe("kill -9 of the program", () => {
  it("leaves containers running and finds everything again", async () => {
    await platform.docker("run", "-d", "--name", "counter", "busybox", "sh", "-c", COUNTER);
    await platform.docker("run", "-d", "--name", "ends", "busybox", "sh", "-c", "sleep 2; exit 9");
    const apply = await platform.run("sh", ["-c", "cat > $GANTRY_HOME/d.yaml"], { input: DEPLOYMENT });
    expect(apply.code).toBe(0);
    expect((await platform.kubectl("apply", "-f", `${platform.home}/d.yaml`)).code).toBe(0);
    expect((await platform.kubectl("rollout", "status", "deployment/counter", "--timeout=60s")).code).toBe(0);
    const before = await pods();
    const pid = (await platform.docker("inspect", "-f", "{{.State.Pid}}", "counter")).stdout.trim();
    for (let index = 0; index < 5; index++)
      await platform.kubectl("create", "configmap", `acknowledged-${index}`);

    await platform.kill();
    process.kill(Number(pid), 0);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await platform.up();

    const inspect = await platform.docker(
      "inspect",
      "-f",
      "{{.State.Pid}} {{.State.Running}} {{.RestartCount}}",
      "counter",
    );
    expect(inspect.stdout).toBe(`${pid} true 0\n`);
    const ended = await platform.docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "ends");
    expect(ended.stdout).toBe("exited 9\n");
    assertCounts((await platform.docker("logs", "counter")).stdout, 50);

    for (let index = 0; index < 5; index++)
      expect((await platform.kubectl("get", "configmap", `acknowledged-${index}`)).code).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await pods()).toEqual(before);
    const [name] = (
      await platform.kubectl("get", "pods", "-l", "app=counter", "-o", "jsonpath={.items[0].metadata.name}")
    ).stdout.split(" ");
    assertCounts((await platform.kubectl("logs", name!)).stdout, 50);
  });

  it("goes on acting after the restart", async () => {
    expect((await platform.kubectl("scale", "deployment/counter", "--replicas=3")).code).toBe(0);
    await eventually("a third pod", async () => (await pods()).filter((pod) => pod.ip).length === 3);
    const exec = await platform.docker("exec", "counter", "sh", "-c", "exit 4");
    expect(exec.code).toBe(4);
    expect((await platform.docker("rm", "-f", "counter", "ends")).code).toBe(0);
  });
});
