import { join } from "node:path";
import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useKube } from "../support/kube.ts";
import { repository } from "../support/platform.ts";

const kube = useKube(["node"]);

const AT_MOST_MS = 180_000;

const replicas = async (): Promise<[wanted: number, ready: number]> => {
  const { spec, status } = await kube.get("apps/v1 deployments/hasher");
  return [spec.replicas, status.readyReplicas ?? 0];
};

it("the example of a service grows under load from one pod to five, and back", {
  timeout: 400_000,
}, async () => {
  await kube.must("apply", "-f", join(repository, "examples/autoscaling/k8s.yaml"));
  await kube.must("rollout", "status", "deployment/hasher", "--timeout=60s");
  expect((await replicas())[0]).toBe(1);

  await kube.must("scale", "deployment/hasher-load", "--replicas=1");
  await eventually("five pods serve", async () => (await replicas()).join() === "5,5", AT_MOST_MS);
  const shown = await kube.must("get", "hpa", "hasher", "--no-headers");
  expect(shown).toMatch(/^hasher +Deployment\/hasher +cpu: \d+%\/50% +1 +5 +\d /);
  const described = await kube.must("describe", "hpa", "hasher");
  expect(described).toContain("SuccessfulRescale");
  expect(described).toMatch(/AbleToScale +True/);

  await kube.must("scale", "deployment/hasher-load", "--replicas=0");
  await eventually("one pod is left", async () => (await replicas()).join() === "1,1", AT_MOST_MS);
  await eventually("the autoscaler tells so", async () => {
    const { status } = await kube.get("autoscaling/v2 horizontalpodautoscalers/hasher");
    return status.currentReplicas === 1 && status.desiredReplicas === 1;
  });
});
