import { ipBytes } from "./ip-bytes.ts";
import { IFF_UP, IFLA, IFLA_INFO_DATA, IFLA_INFO_KIND, linkHeader, macBytes } from "./links.ts";
import { NetlinkFamily, netlinkRequest } from "./netlink.ts";
import {
  attribute,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nested,
  textAttribute,
  u8Attribute,
  u32Attribute,
} from "./netlink-message.ts";

const RTM_NEWLINK = 16;
const IFLA_VXLAN = { ID: 1, LOCAL: 4, LEARNING: 7, PORT: 15 } as const;

export interface VxlanOptions {
  /** Network identifier, 24 bits (RFC 7348 §5). */
  vni: number;
  /** UDP port of this end and the others. */
  port: number;
  /** The address that packets leave with. */
  local: string;
  mac: string;
  mtu: number;
  /** Link group: what nftables' `iifgroup` matches. */
  group: number;
}

/** Creates a VXLAN device, up. It learns nothing from what comes in: who is where is told by `setForwarding`. */
export function createVxlan(name: string, { vni, port, local, mac, mtu, group }: VxlanOptions): void {
  const bigEndianPort = Buffer.alloc(2);
  bigEndianPort.writeUInt16BE(port);
  const data = nested(IFLA_INFO_DATA, [
    u32Attribute(IFLA_VXLAN.ID, vni),
    attribute(IFLA_VXLAN.LOCAL, ipBytes(local)),
    u8Attribute(IFLA_VXLAN.LEARNING, 0),
    attribute(IFLA_VXLAN.PORT, bigEndianPort),
  ]);
  const parts = [
    linkHeader(0, IFF_UP, IFF_UP),
    textAttribute(IFLA.IFNAME, name),
    attribute(IFLA.ADDRESS, macBytes(mac)),
    u32Attribute(IFLA.MTU, mtu),
    u32Attribute(IFLA.GROUP, group),
    nested(IFLA.LINKINFO, [textAttribute(IFLA_INFO_KIND, "vxlan"), data]),
  ];
  netlinkRequest({
    family: NetlinkFamily.ROUTE,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    parts,
    operation: `create vxlan ${name}`,
  });
}
