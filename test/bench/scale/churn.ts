import { isGantryError } from "../../../src/base/index.ts";
import { type Pod, pods as podsResource } from "../../../src/kube/api/index.ts";
import type { KubeClient } from "../../../src/kube/client/index.ts";
import { quantiles } from "../quantiles.ts";
import { pause } from "./workloads.ts";

const NAMESPACE = "default";
/** How many of the newest pods live. */
const ALIVE = 500;
const TICK_MS = 50;

/** Makes so many pods a second, and removes as many older ones; how long each takes until it runs, and each request. */
export async function churn(
  client: KubeClient,
  { perSecond, seconds }: { perSecond: number; seconds: number },
) {
  const created = new Map<string, number>();
  const startMs: number[] = [];
  const requestMs: number[] = [];
  const over = new AbortController();
  const watching = watchRunning(client, over.signal, (name) => {
    const sinceMs = created.get(name);
    if (sinceMs === undefined) return;
    created.delete(name);
    startMs.push(performance.now() - sinceMs);
  });
  const timed = async (request: () => Promise<unknown>): Promise<void> => {
    const beganMs = performance.now();
    await request();
    requestMs.push(performance.now() - beganMs);
  };
  const count = perSecond * seconds;
  const beganMs = performance.now();
  /** Of each pod: a pod is removed when it is there. */
  const work: Promise<void>[] = [];
  for (let made = 0; made < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - beganMs) / 1000) * perSecond));
    for (; made < due; made++) {
      const name = `churn-${made}`;
      created.set(name, performance.now());
      work.push(timed(() => client.create(podsResource, pod(name))));
      const oldest = made - ALIVE;
      if (oldest < 0) continue;
      const remove = () => timed(() => client.delete(podsResource, NAMESPACE, `churn-${oldest}`));
      work[oldest] = work[oldest]!.then(remove);
    }
    await pause(TICK_MS);
  }
  await Promise.all(work);
  for (const untilMs = performance.now() + 60_000; created.size > 0 && performance.now() < untilMs; )
    await pause(TICK_MS);
  over.abort();
  await watching;
  const took = (performance.now() - beganMs) / 1000;
  return {
    pods: count,
    seconds: took,
    neverRan: created.size,
    startMs: quantiles(startMs),
    requestMs: quantiles(requestMs),
  };
}

async function watchRunning(
  client: KubeClient,
  signal: AbortSignal,
  told: (name: string) => void,
): Promise<void> {
  const which = { namespace: NAMESPACE, labelSelector: "bench=churn" };
  const look = ({ metadata, status }: Pod): void => {
    if (status?.phase === "Running") told(metadata.name);
  };
  while (!signal.aborted) {
    try {
      const { items, metadata } = await client.list<Pod>(podsResource, { ...which, signal });
      items.forEach(look);
      const { resourceVersion } = metadata;
      for await (const { type, object } of client.watch<Pod>(podsResource, {
        ...which,
        resourceVersion,
        signal,
      }))
        if (type === "MODIFIED") look(object);
    } catch (error) {
      // Who reads too slowly begins anew, as every client does.
      if (!signal.aborted && !isGantryError(error, "Gone")) throw error;
    }
  }
}

function pod(name: string) {
  const requests = { cpu: "10m", memory: "16Mi" };
  return {
    metadata: { name, namespace: NAMESPACE, labels: { bench: "churn" } },
    spec: { containers: [{ name: "c", image: "simulated", resources: { requests } }] },
  };
}
