import { isGantryError } from "../../base/index.ts";
import { nft } from "../../kernel/index.ts";

const tableName = (instanceId: string) => `gantry_${instanceId}_dns`;

/** Leads what is sent to port 53 of `address` to another port of it. */
export function redirectDns(instanceId: string, address: string, port: number): void {
  const table = tableName(instanceId);
  const rule = `ip daddr ${address} meta l4proto { tcp, udp } th dport 53 dnat ip to ${address}:${port}`;
  nft(`
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${rule}
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
