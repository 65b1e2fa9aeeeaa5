import { deployments, type Node, nodes } from "../../../src/kube/api/index.ts";
import type { KubeClient } from "../../../src/kube/client/index.ts";

const NAMESPACE = "default";

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when no node is held to be not ready: until then pods are kept away from it. */
export async function untilSchedulable(client: KubeClient): Promise<void> {
  for (;;) {
    const { items } = await client.list<Node>(nodes);
    const isOut = ({ spec }: Node) =>
      (spec?.taints ?? []).some(({ key }) => key === "node.kubernetes.io/not-ready");
    if (!items.some(isOut)) return;
    await pause(500);
  }
}

/** Makes Deployments; resolves with the seconds until all their pods are ready, and tells how far they are meanwhile. */
export async function untilReady(
  client: KubeClient,
  { prefix, count, replicas }: { prefix: string; count: number; replicas: number },
  tell: (ready: number, seconds: number) => void,
): Promise<number> {
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      await client.create(deployments, deployment(`${prefix}-${index}`, replicas));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  for (;;) {
    const { items } = await client.list(deployments, {
      namespace: NAMESPACE,
      labelSelector: `bench=${prefix}`,
    });
    let ready = 0;
    for (const { status } of items as unknown as { status?: { readyReplicas?: number } }[])
      ready += status?.readyReplicas ?? 0;
    tell(ready, seconds());
    if (ready === count * replicas) return seconds();
    await pause(count * replicas > 10_000 ? 2_000 : 200);
  }
}

function deployment(name: string, replicas: number) {
  const labels = { app: name };
  const requests = { cpu: "100m", memory: "64Mi" };
  return {
    metadata: { name, namespace: NAMESPACE, labels: { bench: name.slice(0, name.lastIndexOf("-")) } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "c", image: "simulated", resources: { requests } }] },
      },
    },
  };
}
