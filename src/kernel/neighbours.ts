import { ipBytes } from "./ip-bytes.ts";
import { hasErrno } from "./libc.ts";
import { indexOfLink, macBytes } from "./links.ts";
import { NetlinkFamily, netlinkRequest } from "./netlink.ts";
import { attribute, NLM_F_CREATE, NLM_F_REPLACE } from "./netlink-message.ts";

const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const NDA = { DST: 1, LLADDR: 2 } as const;
const NUD_PERMANENT = 0x80;
const NTF_SELF = 0x02;
const AF_INET = 2;
const AF_BRIDGE = 7;

interface Entry {
  family: number;
  device: string;
  ip: string;
  mac: string;
  /** NTF_SELF: the device's own table, not that of a bridge over it. */
  flags: number;
}

/** Which link address an IPv4 address on the device has: for good, without asking (ARP). */
export function setNeighbour(device: string, ip: string, mac: string): void {
  change(RTM_NEWNEIGH, { family: AF_INET, device, ip, mac, flags: 0 });
}

/** False when there is no such entry. */
export function deleteNeighbour(device: string, ip: string, mac: string): boolean {
  return remove({ family: AF_INET, device, ip, mac, flags: 0 });
}

/** To which machine a VXLAN device sends frames for a link address. */
export function setForwarding(device: string, mac: string, machine: string): void {
  change(RTM_NEWNEIGH, { family: AF_BRIDGE, device, ip: machine, mac, flags: NTF_SELF });
}

/** False when there is no such entry. */
export function deleteForwarding(device: string, mac: string, machine: string): boolean {
  return remove({ family: AF_BRIDGE, device, ip: machine, mac, flags: NTF_SELF });
}

function remove(entry: Entry): boolean {
  try {
    change(RTM_DELNEIGH, entry);
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENODEV")) return false;
    throw error;
  }
}

function change(type: number, { family, device, ip, mac, flags }: Entry): void {
  // struct ndmsg.
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeInt32LE(indexOfLink(device), 4);
  header.writeUInt16LE(NUD_PERMANENT, 8);
  header.writeUInt8(flags, 10);
  netlinkRequest({
    family: NetlinkFamily.ROUTE,
    type,
    flags: type === RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_REPLACE : 0,
    parts: [header, attribute(NDA.DST, ipBytes(ip)), attribute(NDA.LLADDR, macBytes(mac))],
    operation: `set neighbour ${mac} of ${device}`,
  });
}
