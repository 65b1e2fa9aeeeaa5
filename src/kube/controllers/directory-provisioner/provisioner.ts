import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../api/index.ts";
import type { EventRecorder, Informer, KubeClient } from "../../client/index.ts";
import type { VolumeDirectories } from "./volume-directories.ts";

/** What claims and volumes are judged by. */
export interface Provisioner {
  client: KubeClient;
  recorder: EventRecorder;
  claims: Informer<PersistentVolumeClaim>;
  volumes: Informer<PersistentVolume>;
  classes: Informer<StorageClass>;
  nodes: Informer<Node>;
  directories: VolumeDirectories;
  /** The node whose disk it is. */
  nodeName: string;
}
