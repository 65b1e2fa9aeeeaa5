import { formatIp, ipBytes, parseCidr } from "./ip-bytes.ts";
import { hasErrno } from "./libc.ts";
import { indexOfLink } from "./links.ts";
import { NetlinkFamily, netlinkDump, netlinkRequest } from "./netlink.ts";
import {
  attribute,
  decodeAttributes,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  textAttribute,
  textOf,
} from "./netlink-message.ts";

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4 } as const;
const IFA_F_NODAD = 2;
const AF_INET = 2;

export interface LinkAddress {
  linkIndex: number;
  family: "ipv4" | "ipv6";
  address: string;
  prefixLength: number;
  label?: string;
}

/** All addresses of the current network namespace. */
export function listAddresses(): LinkAddress[] {
  const rows = netlinkDump({
    family: NetlinkFamily.ROUTE,
    type: RTM_GETADDR,
    parts: [addressHeader(0, 0, 0)],
    operation: "list addresses",
  });
  return rows.map(({ payload }) => {
    const attributes = decodeAttributes(payload.subarray(8));
    return {
      family: payload.readUInt8(0) === AF_INET ? "ipv4" : "ipv6",
      prefixLength: payload.readUInt8(1),
      linkIndex: payload.readUInt32LE(4),
      address: formatIp(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS)),
      label: textOf(attributes.get(IFA.LABEL)),
    };
  });
}

/** Adds `10.0.0.1/24` to a link; AlreadyExists unless `replace` is set. */
export function addAddress(linkName: string, cidr: string, options: { replace?: boolean } = {}): void {
  const flags = NLM_F_CREATE | (options.replace ? NLM_F_REPLACE : NLM_F_EXCL);
  changeAddress(RTM_NEWADDR, linkName, cidr, flags, `add address ${cidr} to ${linkName}`);
}

/** False when the link did not have it. */
export function deleteAddress(linkName: string, cidr: string): boolean {
  try {
    changeAddress(RTM_DELADDR, linkName, cidr, 0, `delete address ${cidr} of ${linkName}`);
    return true;
  } catch (error) {
    if (hasErrno(error, "EADDRNOTAVAIL", "ENODEV")) return false;
    throw error;
  }
}

function changeAddress(type: number, linkName: string, cidr: string, flags: number, operation: string): void {
  const { address, prefixLength } = parseCidr(cidr);
  const bytes = ipBytes(address);
  const parts = [
    addressHeader(bytes.length === 4 ? AF_INET : 10, prefixLength, indexOfLink(linkName)),
    attribute(IFA.LOCAL, bytes),
    attribute(IFA.ADDRESS, bytes),
  ];
  if (bytes.length === 4) {
    parts.push(textAttribute(IFA.LABEL, linkName));
    if (prefixLength < 31) parts.push(attribute(IFA.BROADCAST, broadcastOf(bytes, prefixLength)));
  }
  netlinkRequest({ family: NetlinkFamily.ROUTE, type, flags, parts, operation });
}

/** struct ifaddrmsg. */
function addressHeader(family: number, prefixLength: number, linkIndex: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(family === 10 ? IFA_F_NODAD : 0, 2);
  header.writeUInt32LE(linkIndex, 4);
  return header;
}

function broadcastOf(address: Buffer, prefixLength: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE((address.readUInt32BE(0) | (0xffffffff >>> prefixLength)) >>> 0);
  return out;
}
