import { isGantryError } from "../../base/index.ts";
import { nft } from "../../kernel/index.ts";

const tableName = (instanceId: string) => `gantry_${instanceId}_dns`;

export interface DnsRedirect {
  instanceId: string;
  /** The node's address at which its name server listens. */
  address: string;
  /** Where that listens. */
  port: number;
  /** Its metrics, where they are served. */
  metricsPort?: number;
  /** The address of the Service; absent: somebody else answers there. */
  serviceAddress?: string;
}

export const DNS_PORT = 53;
export const DNS_METRICS_PORT = 9153;

/**
 * Leads questions to the Service's address, and to port 53 of the node's, to this node's own name server. The table stays when
 * the program stops. Before the Services' rules (-95), so that these never see them.
 *
 * While nobody listens askers hear nothing, rather than at once that nobody does: resolvers ask again after some
 * seconds, and a restart of the program costs them time and no failure.
 */
export function redirectDns(redirect: DnsRedirect): void {
  const table = tableName(redirect.instanceId);
  const rules = redirectRules(redirect).join("\n    ");
  nft(`
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${rules}
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ${rules}
  }
  chain silence {
    type filter hook output priority filter; policy accept;
    ${silenceRule(redirect)}
  }
}`);
}

export function removeDnsRedirect(instanceId: string): void {
  try {
    nft(`delete table ip ${tableName(instanceId)}`);
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
  }
}

/** An error quotes the packet that it is about behind its own 8 bytes: IP's destination at 16 of it, UDP's port at 22 (RFC 792). */
function silenceRule({ address, port }: DnsRedirect): string {
  const quotedAddress = `0x${Buffer.from(address.split(".").map(Number)).toString("hex")}`;
  return `icmp type destination-unreachable icmp code port-unreachable @th,192,32 ${quotedAddress} @th,240,16 ${port} drop`;
}

function redirectRules({ address, port, metricsPort, serviceAddress }: DnsRedirect): string[] {
  const lead = (from: string, match: string, to: number) =>
    `ip daddr ${from} ${match} dnat ip to ${address}:${to}`;
  const questions = `meta l4proto { tcp, udp } th dport ${DNS_PORT}`;
  const metrics = `tcp dport ${DNS_METRICS_PORT}`;
  const rules: string[] = [];
  if (port !== DNS_PORT) rules.push(lead(address, questions, port));
  if (metricsPort !== undefined && metricsPort !== DNS_METRICS_PORT)
    rules.push(lead(address, metrics, metricsPort));
  if (serviceAddress === undefined) return rules;
  rules.push(lead(serviceAddress, questions, port));
  if (metricsPort !== undefined) rules.push(lead(serviceAddress, metrics, metricsPort));
  return rules;
}
