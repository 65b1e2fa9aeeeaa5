import { describe } from "vitest";
import { replicationControllers } from "../../api/index.ts";
import { describeReplicasUnderFaults } from "../replicaset/faults.contract.ts";
import { replicationController } from "../testing/objects.ts";
import { createReplicationController } from "./index.ts";

describe("the ReplicationController controller under faults", () => {
  describeReplicasUnderFaults({
    controllers: { "replication-controller": createReplicationController },
    resource: replicationControllers,
    owner: (namespace, replicas) => replicationController("web", namespace, replicas),
  });
});
