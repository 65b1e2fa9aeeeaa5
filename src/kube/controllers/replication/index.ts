import { replicationControllers } from "../../api/index.ts";
import type { Controller, ControllerDependencies } from "../controller.ts";
import { createReplicaController } from "../replicaset/index.ts";

/** Keeps as many pods of a ReplicationController's template as it asks for, just as a ReplicaSet's are kept. */
export function createReplicationController(dependencies: ControllerDependencies): Controller {
  return createReplicaController({ name: "replication", resource: replicationControllers }, dependencies);
}
