import type { PodTemplateSpec, ReplicaSetStatus } from "../../api/index.ts";
import type { ApiObject, ResourceRef } from "../../api/types.ts";

/** What keeps a number of pods alike: a ReplicaSet or a ReplicationController, which differ in their selectors only. */
export interface ReplicaOwner extends ApiObject {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    template?: PodTemplateSpec;
    selector?: object;
  };
  status?: ReplicaSetStatus;
}

/** One of the two kinds; `name` is the controller's. */
export interface ReplicaKind {
  name: string;
  resource: ResourceRef<ReplicaOwner>;
}
