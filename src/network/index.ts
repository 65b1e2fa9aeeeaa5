export { BridgeNetworks, type BridgeNetworksOptions } from "./bridge-networks.ts";
export { addressOfReverseName, shuffled } from "./container-names.ts";
export { DnsCache, type DnsCacheKind, type DnsCacheOptions } from "./dns-cache.ts";
export { DnsForwarder, type DnsForwarderOptions } from "./dns-forwarder.ts";
export { DnsListener, type DnsListenerOptions, type DnsReply, type DnsRequest } from "./dns-listener.ts";
export {
  type DnsAnswer,
  DnsCode,
  type DnsMessage,
  type DnsQuestion,
  type DnsRecord,
  decodeDns,
  encodeDns,
  type SoaData,
  type SrvData,
} from "./dns-message.ts";
export { closeForwardGate, forwardFindings } from "./forward-gate.ts";
export type { ClusterNetwork, PodPeer } from "./network-record.ts";
export { findNodeAddress } from "./node-address.ts";
export { POD_NETWORK_NAME, type PodNetwork, type PodNetworkRequest } from "./pod-network.ts";
export {
  hostResolvConf,
  hostResolvConfForContainers,
  parseResolvConf,
  type ResolvConf,
} from "./resolv-conf.ts";
export {
  contains,
  formatSubnet,
  ipToNumber,
  numberToIp,
  overlaps,
  parseSubnet,
  type Subnet,
} from "./subnet.ts";
export {
  chooseNetworkSubnet,
  choosePodCidr,
  choosePodRange,
  chooseServiceCidr,
  isSubnetTaken,
} from "./subnet-choice.ts";
export type * from "./types.ts";
