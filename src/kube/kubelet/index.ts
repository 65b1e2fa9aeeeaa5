export { createKubelet, type Kubelet, type KubeletOptions } from "./kubelet.ts";
export { ensureNode, NODE_TAKEN } from "./node/ensure-node.ts";
export type { ServingCredentials, ServingPair } from "./server/serving-credentials.ts";
