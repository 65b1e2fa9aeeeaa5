export { CertificateKeeper, type CertificateKeeperOptions } from "./certificates/certificate-keeper.ts";
export type { CertificateOrder, IssuedCertificate } from "./certificates/request-certificate.ts";
export { REQUEST_DENIED } from "./certificates/request-certificate.ts";
export {
  EVICTION_FLAGS,
  type EvictionFlags,
  type EvictionSettings,
  readEvictionSettings,
} from "./eviction/eviction-settings.ts";
export { createKubelet } from "./kubelet.ts";
export type { Kubelet, KubeletOptions } from "./kubelet-options.ts";
export { ensureNode, NODE_TAKEN } from "./node/ensure-node.ts";
export type { ServingCredentials, ServingPair } from "./server/serving-credentials.ts";
