import { replicaSets } from "../../api/index.ts";
import type { Controller, ControllerDependencies } from "../controller.ts";
import { createReplicaController } from "./replica-controller.ts";

export { createReplicaController } from "./replica-controller.ts";

/** Keeps as many pods of a ReplicaSet's template as it asks for. */
export function createReplicaSetController(dependencies: ControllerDependencies): Controller {
  return createReplicaController({ name: "replicaset", resource: replicaSets }, dependencies);
}
