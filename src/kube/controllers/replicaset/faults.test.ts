import { describe } from "vitest";
import { replicaSets } from "../../api/index.ts";
import { replicaSet } from "../testing/objects.ts";
import { describeReplicasUnderFaults } from "./faults.contract.ts";
import { createReplicaSetController } from "./index.ts";

describe("the ReplicaSet controller under faults", () => {
  describeReplicasUnderFaults({
    controllers: { "replicaset-controller": createReplicaSetController },
    resource: replicaSets,
    owner: (namespace, replicas) => replicaSet("web", namespace, replicas),
  });
});
