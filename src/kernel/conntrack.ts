import { formatIp } from "./ip-bytes.ts";
import { hasErrno } from "./libc.ts";
import { NetlinkFamily, netlinkDump, netlinkDumpInTurns, netlinkRequest } from "./netlink.ts";
import { type Attributes, attribute, decodeAttributes, NLA_F_NESTED } from "./netlink-message.ts";

const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1;
const IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_PROTOINFO = 4;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V4_DST = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const AF_INET = 2;
const PROTOCOL_NUMBER = { tcp: 6, udp: 17, sctp: 132 } as const;

export interface ConntrackEntry {
  originalSource: string;
  originalDestination: string;
  /** Port that was asked for. */
  originalPort: number;
  /** Who answers: the endpoint that the connection was translated to. */
  replySource: string;
  replyPort: number;
  /** TCP: `enum tcp_conntrack` of linux/netfilter/nf_conntrack_tcp.h. */
  tcpState: number | undefined;
}

/** struct nfgenmsg. */
const HEADER = Buffer.from([AF_INET, 0, 0, 0]);

const LIST = {
  family: NetlinkFamily.NETFILTER,
  type: IPCTNL_MSG_CT_GET,
  parts: [HEADER],
  operation: "list connections",
} as const;

/** The IPv4 connections of a protocol that connection tracking knows: perhaps many, and read in turns with others' work. */
export async function* readConntrack(protocol: keyof typeof PROTOCOL_NUMBER): AsyncGenerator<ConntrackEntry> {
  for await (const rows of netlinkDumpInTurns(LIST)) {
    for (const { payload } of rows) {
      const entry = parseEntry(decodeAttributes(payload.subarray(HEADER.length)), PROTOCOL_NUMBER[protocol]);
      if (entry) yield entry;
    }
  }
}

/**
 * Makes connection tracking forget the IPv4 connections of a protocol that `matches` picks; their next packet is looked
 * at anew. Returns how many there were.
 */
export function deleteConntrack(
  protocol: keyof typeof PROTOCOL_NUMBER,
  matches: (entry: ConntrackEntry) => boolean,
): number {
  return entriesOf(protocol).filter(({ entry, tuple }) => matches(entry) && deleteEntry(tuple)).length;
}

/** `tuple`: what an entry is known by in requests. */
function entriesOf(protocol: keyof typeof PROTOCOL_NUMBER): { entry: ConntrackEntry; tuple: Buffer }[] {
  const rows = netlinkDump(LIST);
  return rows.flatMap(({ payload }) => {
    const attributes = decodeAttributes(payload.subarray(HEADER.length));
    const tuple = attributes.get(CTA_TUPLE_ORIG);
    const entry = parseEntry(attributes, PROTOCOL_NUMBER[protocol]);
    return tuple && entry ? [{ entry, tuple }] : [];
  });
}

function deleteEntry(tuple: Buffer): boolean {
  try {
    netlinkRequest({
      family: NetlinkFamily.NETFILTER,
      type: IPCTNL_MSG_CT_DELETE,
      parts: [HEADER, attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, tuple)],
      operation: "forget a connection",
    });
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return false;
    throw error;
  }
}

function parseEntry(attributes: Attributes, protocol: number): ConntrackEntry | undefined {
  const original = parseTuple(attributes.get(CTA_TUPLE_ORIG));
  const reply = parseTuple(attributes.get(CTA_TUPLE_REPLY));
  if (!original || !reply || original.protocol !== protocol) return undefined;
  return {
    originalSource: original.source,
    originalDestination: original.destination,
    originalPort: original.destinationPort,
    replySource: reply.source,
    replyPort: reply.sourcePort,
    tcpState: tcpStateOf(attributes.get(CTA_PROTOINFO)),
  };
}

function tcpStateOf(protocolInfo: Buffer | undefined): number | undefined {
  const tcp = protocolInfo && decodeAttributes(protocolInfo).get(CTA_PROTOINFO_TCP);
  return tcp && decodeAttributes(tcp).get(CTA_PROTOINFO_TCP_STATE)?.[0];
}

function parseTuple(bytes: Buffer | undefined) {
  if (!bytes) return undefined;
  const tuple = decodeAttributes(bytes);
  const ip = tuple.get(CTA_TUPLE_IP);
  const proto = tuple.get(CTA_TUPLE_PROTO);
  if (!ip || !proto) return undefined;
  const addresses = decodeAttributes(ip);
  const ports = decodeAttributes(proto);
  const port = (type: number) => ports.get(type)?.readUInt16BE(0) ?? 0;
  return {
    protocol: ports.get(CTA_PROTO_NUM)?.[0],
    source: formatIp(addresses.get(CTA_IP_V4_SRC)),
    destination: formatIp(addresses.get(CTA_IP_V4_DST)),
    sourcePort: port(CTA_PROTO_SRC_PORT),
    destinationPort: port(CTA_PROTO_DST_PORT),
  };
}
