import { join } from "node:path";
import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useKube } from "../support/kube.ts";
import { repository } from "../support/platform.ts";

const kube = useKube(["node", "busybox"]);

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

it("the example of workers follows the length of a queue, which a pod tells", {
  timeout: 300_000,
}, async () => {
  await kube.must("apply", "-f", join(repository, "examples/autoscaling/queue.yaml"));
  await kube.untilReady("queue");
  const workers = async (): Promise<number> => (await kube.get("apps/v1 deployments/worker")).spec.replicas;
  const raw = (path: string) => kube.kubectl("get", "--raw", path);
  const custom = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/default";
  const told = await eventually("the pod's figures are served", async () => {
    const { code, stdout } = await raw(`${custom}/pods/*/jobs_waiting?metricLabelSelector=queue%3Dvideo`);
    return code === 0 ? JSON.parse(stdout) : undefined;
  });
  expect(told).toMatchObject({
    kind: "MetricValueList",
    items: [{ describedObject: { kind: "Pod", namespace: "default", name: "queue" }, value: "100" }],
  });
  expect(JSON.parse((await raw(`${custom}/metrics/jobs_waiting`)).stdout).items[0].value).toBe("100");
  expect((await raw(`${custom}/pods/*/none`)).stderr).toContain(
    "the server could not find the metric none for pods",
  );
  const names = await kube.must("get", "--raw", "/apis/external.metrics.k8s.io/v1beta1");
  expect(names).toContain('"name":"jobs_waiting"');
  expect(await workers()).toBe(1);

  const metrics = 'jobs_waiting{queue="mail"} 37\n';
  await kube.must("patch", "configmap", "queue", "--type=merge", "-p", JSON.stringify({ data: { metrics } }));
  await eventually("four workers for 37 jobs", async () => (await workers()) === 4, AT_MOST_MS);
  const shown = await kube.must("get", "hpa", "worker", "--no-headers");
  expect(shown).toMatch(/^worker +Deployment\/worker +\S+\/10 \(avg\) +1 +5 /);
  expect(await kube.must("describe", "hpa", "worker")).toMatch(
    /SuccessfulRescale.*New size: 4; reason: external metric/,
  );

  await kube.must("delete", "pod", "queue");
  await eventually(
    "the autoscaler tells that nobody knows",
    async () => {
      const described = await kube.must("describe", "hpa", "worker");
      return /ScalingActive +False +FailedGetExternalMetric/.test(described);
    },
    AT_MOST_MS,
  );
  expect(await workers()).toBe(4);
});
