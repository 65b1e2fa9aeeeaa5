import type { Informer } from "../client/index.ts";
import type { KubeObject } from "../api/types.ts";
import type { Enqueue } from "./controller.ts";
import { keyOf } from "./object-key.ts";

function selects(service: KubeObject, pod: KubeObject): boolean {
  const selector: Record<string, string> | undefined = service.spec.selector;
  if (!selector) return false;
  const labels = pod.metadata.labels ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Pods that the Service's selector matches. */
export function podsOfService(service: KubeObject, pods: Informer): KubeObject[] {
  return [...pods.list(service.metadata.namespace)].filter((pod) => selects(service, pod));
}

/** What of a pod shows in endpoints; other changes need no work. */
function visible(pod: KubeObject): string {
  const ready = pod.status?.conditions?.find((condition: { type: string }) => condition.type === "Ready")?.status;
  const { labels, deletionTimestamp } = pod.metadata;
  return JSON.stringify([pod.status?.podIP, pod.status?.phase, ready, labels, deletionTimestamp, pod.spec.nodeName]);
}

/** Subscribes so that a Service's key is queued whenever its endpoints may have changed. */
export function watchServicePods(services: Informer, pods: Informer, enqueue: Enqueue): (() => void)[] {
  const concern = (pod: KubeObject): void => {
    for (const service of services.list(pod.metadata.namespace)) if (selects(service, pod)) enqueue(keyOf(service));
  };
  return [
    services.subscribe({
      onAdd: (service) => enqueue(keyOf(service)),
      onUpdate: (service) => enqueue(keyOf(service)),
      onDelete: (service) => enqueue(keyOf(service)),
    }),
    pods.subscribe({
      onAdd: concern,
      onUpdate: (pod, previous) => {
        if (visible(pod) === visible(previous)) return;
        concern(pod);
        concern(previous);
      },
      onDelete: concern,
    }),
  ];
}
