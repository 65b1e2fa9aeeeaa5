import { errorMessage, GantryError, isGantryError, systemClock } from "../../base/index.ts";
import { isMirrorPod, nodes, type Pod, pods } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";

export interface DrainOptions {
  timeoutMs: number;
  /** Pods that nobody makes anew elsewhere go, too. */
  force: boolean;
}

const RETRY_MS = 500;

/**
 * Takes a node out of use, as `kubectl drain --ignore-daemonsets --delete-emptydir-data`: no pod comes to it any more, and those that are
 * there are evicted with respect to disruption budgets. Returns how many went. Throws InvalidArgument where pods would be lost,
 * DeadlineExceeded where some are still there when the time is over.
 */
export async function drainNode(
  client: KubeClient,
  nodeName: string,
  options: DrainOptions,
): Promise<number> {
  await client.patch(nodes, undefined, nodeName, "merge", { spec: { unschedulable: true } });
  const untilMs = systemClock.monotonicMs() + options.timeoutMs;
  const evicted = new Set<string>();
  let problem = "";
  for (;;) {
    const left = await podsToGo(client, nodeName, options);
    if (left.length === 0) return evicted.size;
    if (systemClock.monotonicMs() >= untilMs) throw notDrained(nodeName, left, problem);
    for (const pod of left) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      problem = (await evict(client, pod)) ?? problem;
      evicted.add(pod.metadata.uid);
    }
    await systemClock.sleep(RETRY_MS);
  }
}

async function podsToGo(client: KubeClient, nodeName: string, { force }: DrainOptions): Promise<Pod[]> {
  const { items } = await client.list<Pod>(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const owned = (pod: Pod, kind?: string) =>
    (pod.metadata.ownerReferences ?? []).some(
      (one) => one.controller && (kind === undefined || one.kind === kind),
    );
  const isOver = ({ status }: Pod) => status?.phase === "Succeeded" || status?.phase === "Failed";
  const going = items.filter((pod) => !isMirrorPod(pod) && !owned(pod, "DaemonSet"));
  const lost = going.filter(
    (pod) => !owned(pod) && !isOver(pod) && pod.metadata.deletionTimestamp === undefined,
  );
  if (lost.length === 0 || force) return going;
  const names = lost.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
  throw new GantryError("InvalidArgument", `nobody would make these pods anew: ${names}`, {
    code: "Cli.PodsWithoutController",
    hint: "delete them, or let them go with --force",
  });
}

/** What a disruption budget says against it; it is tried again. */
async function evict(client: KubeClient, { metadata }: Pod): Promise<string | undefined> {
  const { namespace, name } = metadata;
  try {
    await client.createSubresource(pods, namespace!, name, "eviction", {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { namespace, name },
    });
    return undefined;
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    if (isGantryError(error, "ResourceExhausted")) return errorMessage(error);
    throw error;
  }
}

function notDrained(nodeName: string, left: readonly Pod[], problem: string): GantryError {
  const names = left.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
  const why = problem === "" ? "" : ` (${problem})`;
  return new GantryError("DeadlineExceeded", `node ${nodeName} still has pods: ${names}${why}`, {
    code: "Cli.NotDrained",
    hint: "wait longer with --timeout",
  });
}
