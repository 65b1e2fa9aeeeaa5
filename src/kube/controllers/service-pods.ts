import type { Pod, Service } from "../api/index.ts";
import type { Informer } from "../client/index.ts";
import type { Enqueue } from "./controller.ts";
import { keyOf } from "./object-key.ts";

const INDEX = "label";
const indexKey = (namespace: string | undefined, key: string, value: string) =>
  `${namespace}/${key}=${value}`;

/** Lets `podsOfService` answer without going through the whole namespace. */
export function indexByLabels(pods: Informer<Pod>): void {
  pods.addIndex(INDEX, ({ metadata: { namespace, labels = {} } }) =>
    Object.entries(labels).map(([key, value]) => indexKey(namespace, key, value)),
  );
}

function selects(service: Service, pod: Pod): boolean {
  const { selector } = service.spec;
  if (!selector) return false;
  const labels = pod.metadata.labels ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Pods that may be the Service's: those of its rarest label. */
function candidates(service: Service, pods: Informer<Pod>): readonly Pod[] {
  const { namespace } = service.metadata;
  let rarest: readonly Pod[] | undefined;
  for (const [key, value] of Object.entries<string>(service.spec.selector ?? {})) {
    const some = pods.byIndex(INDEX, indexKey(namespace, key, value));
    if (!rarest || some.length < rarest.length) rarest = some;
  }
  return rarest ?? [];
}

/** Pods that the Service's selector matches. */
export function podsOfService(service: Service, pods: Informer<Pod>): Pod[] {
  return candidates(service, pods).filter((pod) => selects(service, pod));
}

/** Above this many pods the changes of a moment are worked off together. */
const BATCH_FROM = 20;
const MAX_BATCH_MS = 200;

/**
 * How long to wait for more changes of a Service's pods. All its pods are gone through for each change, so that in a large
 * Service whose pods start one by one the work would grow with the square of their number.
 */
function batchMs(service: Service, pods: Informer<Pod>): number {
  const count = candidates(service, pods).length;
  return count <= BATCH_FROM ? 0 : Math.min(MAX_BATCH_MS, count / BATCH_FROM);
}

/** Whether endpoints are made from pods; those of other Services are somebody else's. */
export function hasManagedEndpoints(service: Service): boolean {
  const { selector, type } = service.spec;
  return type !== "ExternalName" && Object.keys(selector ?? {}).length > 0;
}

/** What of a pod shows in endpoints; other changes need no work. */
function visible(pod: Pod): string {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready")?.status;
  const { labels, deletionTimestamp } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec;
  return JSON.stringify([
    pod.status?.podIP,
    pod.status?.phase,
    ready,
    labels,
    deletionTimestamp,
    nodeName,
    hostname,
    subdomain,
  ]);
}

/** Subscribes so that a Service's key is queued whenever its endpoints may have changed. */
export function watchServicePods(
  services: Informer<Service>,
  pods: Informer<Pod>,
  enqueue: Enqueue,
): (() => void)[] {
  const concern = (pod: Pod): void => {
    for (const service of services.list(pod.metadata.namespace))
      if (selects(service, pod)) enqueue(keyOf(service), batchMs(service, pods));
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
        if (JSON.stringify(pod.metadata.labels) !== JSON.stringify(previous.metadata.labels))
          concern(previous);
      },
      onDelete: concern,
    }),
  ];
}
