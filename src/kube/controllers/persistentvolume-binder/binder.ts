import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from "../../api/index.ts";
import type { EventRecorder, Informer, KubeClient } from "../../client/index.ts";
import type { BinderWrites } from "./binder-writes.ts";

/** What claims and volumes are judged by. */
export interface Binder {
  client: KubeClient;
  recorder: EventRecorder;
  writes: BinderWrites;
  volumes: Informer<PersistentVolume>;
  claims: Informer<PersistentVolumeClaim>;
  classes: Informer<StorageClass>;
  pods: Informer<Pod>;
  /** Looks at the claim again. */
  enqueueClaim(key: string): void;
}
