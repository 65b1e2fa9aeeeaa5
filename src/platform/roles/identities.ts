import type { UserInfo } from "../../kube/client/index.ts";

/** As whom each part of the program asks the API server; the names are upstream's. */
export const asAdmin: UserInfo = { name: "system:admin", groups: ["system:masters", "system:authenticated"] };
export const asControllerManager: UserInfo = {
  name: "system:kube-controller-manager",
  groups: ["system:authenticated"],
};
export const asScheduler: UserInfo = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
export const asProxy: UserInfo = { name: "system:kube-proxy", groups: ["system:authenticated"] };

/** Who enforces network policies on a node's pods. */
export const asNetworkPolicy: UserInfo = {
  name: "system:network-policy",
  groups: ["system:authenticated"],
};

/** Who answers the names of the cluster. */
export const asClusterDns: UserInfo = { name: "system:cluster-dns", groups: ["system:authenticated"] };

export const asNode = (nodeName: string): UserInfo => ({
  name: `system:node:${nodeName}`,
  groups: ["system:nodes", "system:authenticated"],
});

export const asController = (name: string): UserInfo => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
});
