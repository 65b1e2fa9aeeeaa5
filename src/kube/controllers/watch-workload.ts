import type { Pod } from "../api/index.ts";
import type { ApiObject } from "../api/types.ts";
import type { Informer } from "../client/index.ts";
import type { Enqueue } from "./controller.ts";
import { keyOf } from "./object-key.ts";
import { controllerOf } from "./owner.ts";

export interface WatchedWorkload<T extends ApiObject> {
  owners: Informer<T>;
  pods: Informer<Pod>;
  /** How long to wait for more where only the owner's status has changed, as it does after each pass. */
  statusDelayMs?(owner: T): number;
  /** What is kept of an owner goes with it. */
  forget(key: string): void;
  /** A pod of this owner has come, changed or gone. */
  seen(key: string, pod: Pod, enqueue: Enqueue, isDeleted: boolean): void;
  /** A pod has left this owner, by its references. */
  left?(key: string, pod: Pod): void;
  /** A pod that nobody controls may be taken in; `previous`: as it was before it changed. */
  offer(pod: Pod, enqueue: Enqueue, previous?: Pod): void;
  /** Beside `seen`. */
  onPodGone?(pod: Pod, enqueue: Enqueue): void;
}

/** The key of the owner of this kind that controls the pod. */
export function ownerKeyOf(kind: string, pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === kind ? `${pod.metadata.namespace}/${owner.name}` : undefined;
}

/** Whether nothing has changed that anybody has declared. */
function isOnlyStatus({ metadata }: ApiObject, { metadata: before }: ApiObject): boolean {
  return (
    metadata.uid === before.uid &&
    metadata.generation === before.generation &&
    metadata.deletionTimestamp === before.deletionTimestamp
  );
}

/** What a controller that makes pods listens to: its objects, their pods, and pods that it may take in. Returns how to stop that. */
export function watchWorkload<T extends ApiObject>(
  kind: string,
  watched: WatchedWorkload<T>,
  enqueue: Enqueue,
): (() => void)[] {
  const { owners, pods, forget, seen, left, offer, onPodGone } = watched;
  const look = (pod: Pod, isDeleted: boolean): void => {
    const key = ownerKeyOf(kind, pod);
    if (key !== undefined) seen(key, pod, enqueue, isDeleted);
  };
  const offerFree = (pod: Pod, previous?: Pod): void => {
    if (!controllerOf(pod)) offer(pod, enqueue, previous);
  };
  return [
    owners.subscribe({
      onAdd: (one) => enqueue(keyOf(one)),
      onUpdate: (one, previous) =>
        enqueue(keyOf(one), isOnlyStatus(one, previous) ? watched.statusDelayMs?.(one) : undefined),
      onDelete: (one) => {
        forget(keyOf(one));
        enqueue(keyOf(one));
      },
    }),
    pods.subscribe({
      onAdd: (pod) => {
        look(pod, false);
        offerFree(pod);
      },
      onUpdate: (pod, previous) => {
        look(pod, false);
        const before = ownerKeyOf(kind, previous);
        if (before !== undefined && before !== ownerKeyOf(kind, pod)) {
          left?.(before, pod);
          enqueue(before);
        }
        offerFree(pod, previous);
      },
      onDelete: (pod) => {
        look(pod, true);
        onPodGone?.(pod, enqueue);
      },
    }),
  ];
}
