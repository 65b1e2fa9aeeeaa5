export { ClusterDns, type ClusterDnsOptions } from "./cluster-dns.ts";
export { provideDnsService } from "./dns-service.ts";
