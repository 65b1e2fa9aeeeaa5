import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Container, Pod } from "../../api/index.ts";
import { openTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { readRuntimeState } from "./runtime-state.ts";

const app: Container = {
  name: "app",
  image: "busybox",
  imagePullPolicy: "IfNotPresent",
  command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.05; done"],
} as Container;
const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

describe("who enforces network policies", () => {
  let cluster: TestCluster;
  const heard: string[] = [];
  let guarding: () => Promise<void>;

  beforeAll(async () => {
    cluster = await openTestCluster("0be1e9", {
      guard: {
        guard: async (pod, addresses) => {
          heard.push(`${pod.metadata.name} at ${addresses}`);
          await guarding();
        },
        release: (uid) => void heard.push(`gone ${uid}`),
      },
    });
  }, 30_000);
  afterAll(() => cluster?.close(), 30_000);

  const containersOf = async ({ metadata }: Pod) =>
    (await readRuntimeState(cluster.cri.runtime, metadata.uid)).containers;

  it("is told of a pod's address before anything of it runs, and when it has none any more", async () => {
    const held = Promise.withResolvers<void>();
    guarding = () => held.promise;
    const pod = await cluster.create("held", { containers: [app] });
    const isAsked = () => heard.some((one) => one.startsWith("held at "));
    await eventuallyTrue(isAsked);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await containersOf(pod)).toEqual([]);
    held.resolve();
    const running = await cluster.until("held", isReady);
    expect(heard.at(-1)).toBe(`held at ${running.status!.podIP}`);
    await cluster.remove("held", 1);
    await cluster.untilGone("held");
    expect(heard.at(-1)).toBe(`gone ${pod.metadata.uid}`);
  });

  it("keeps a pod from running while it cannot", async () => {
    guarding = async () => {
      throw new Error("no rules");
    };
    const pod = await cluster.create("refused", { containers: [app] });
    await eventuallyTrue(async () =>
      (await cluster.events("refused")).some((event) =>
        event.includes("Failed to create pod sandbox: no rules"),
      ),
    );
    expect(await containersOf(pod)).toEqual([]);
    guarding = async () => {};
    await cluster.until("refused", isReady);
  });

  it("is not asked about a pod in the node's network", async () => {
    heard.length = 0;
    await cluster.create("host", { hostNetwork: true, containers: [app] });
    await cluster.until("host", isReady);
    expect(heard.filter((one) => one.startsWith("host "))).toEqual([]);
  });
});

async function eventuallyTrue(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("not within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
