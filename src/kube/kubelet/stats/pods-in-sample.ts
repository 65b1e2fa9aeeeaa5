import { Label } from "../naming.ts";
import type { SampledContainer, UsageSample } from "./usage-sampler.ts";

export interface SampledPod {
  uid: string;
  name: string;
  namespace: string;
  containers: SampledContainer[];
}

/** The containers of each pod, in the order of the containers' start. */
export function podsInSample({ containers }: UsageSample): SampledPod[] {
  const pods = new Map<string, SampledPod>();
  const inOrder = [...containers].sort((a, b) => (a.status.startedAtNs < b.status.startedAtNs ? -1 : 1));
  for (const container of inOrder) {
    const { labels } = container.status;
    const uid = labels[Label.podUid];
    if (uid === undefined) continue;
    const [name, namespace] = [labels[Label.podName] ?? "", labels[Label.podNamespace] ?? ""];
    const pod = pods.get(uid) ?? { uid, name, namespace, containers: [] };
    pod.containers.push(container);
    pods.set(uid, pod);
  }
  return [...pods.values()];
}

/** The sum of one figure over a pod's containers: pods have no process of their own. */
export function podSum({ containers }: SampledPod, figure: (container: SampledContainer) => number): number {
  return containers.reduce((sum, container) => sum + figure(container), 0);
}
