import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type TestCluster, openTestCluster } from "./testing/test-cluster.ts";
import type { Container, Pod } from "./pod-types.ts";

const SLEEPER = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.05; done"];

function app(more: Partial<Container> = {}): Container {
  return { name: "app", image: "busybox", imagePullPolicy: "IfNotPresent", command: SLEEPER, ...more };
}

const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
const statusOf = (pod: Pod, index = 0) => pod.status!.containerStatuses![index]!;

describe("pods on a real node", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openTestCluster("0be1e7");
  }, 30_000);
  afterAll(() => cluster?.close(), 30_000);

  it("runs a pod within a second", async () => {
    const began = performance.now();
    await cluster.create("quick", { containers: [app()] });
    const pod = await cluster.until("quick", isReady);
    expect(performance.now() - began).toBeLessThan(1000);
    process.stderr.write(`READY after ${performance.now() - began}\n`);
    expect(pod.status).toMatchObject({ phase: "Running", qosClass: "BestEffort" });
    expect(await cluster.events("quick")).toEqual([
      'Normal Pulled: Container image "busybox" already present on machine',
      "Normal Created: Created container: app",
      "Normal Started: Started container app",
    ]);
    await cluster.remove("quick");
    await cluster.untilGone("quick");
  });
});
