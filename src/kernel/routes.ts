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
  u32Attribute,
  u32Of,
} from "./netlink-message.ts";

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, TABLE: 15 } as const;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;
const RTNH_F_ONLINK = 4;
const AF_INET = 2;
const AF_INET6 = 10;

export interface Route {
  family: "ipv4" | "ipv6";
  /** `0.0.0.0/0` for the default route. */
  destination: string;
  gateway?: string;
  linkIndex?: number;
  source?: string;
  metric?: number;
  table: number;
}

export interface RouteRequest {
  /** CIDR; `0.0.0.0/0` for the default route. */
  destination: string;
  gateway?: string;
  /** Link name; the kernel finds it by the gateway if absent. */
  device?: string;
  /** Preferred source address. */
  source?: string;
  metric?: number;
  /** Takes the gateway as reachable on the device, whatever the device's addresses are. */
  onLink?: boolean;
  replace?: boolean;
}

/** The unicast routes of the current network namespace's main table. */
export function listRoutes(): Route[] {
  const rows = netlinkDump({
    family: NetlinkFamily.ROUTE,
    type: RTM_GETROUTE,
    parts: [Buffer.alloc(12)],
    operation: "list routes",
  });
  return rows
    .filter(
      ({ payload }) =>
        payload.readUInt8(7) === RTN_UNICAST && [AF_INET, AF_INET6].includes(payload.readUInt8(0)),
    )
    .map(({ payload }) => parseRoute(payload))
    .filter((route) => route.table === RT_TABLE_MAIN);
}

function parseRoute(payload: Buffer): Route {
  const isV4 = payload.readUInt8(0) === AF_INET;
  const attributes = decodeAttributes(payload.subarray(12));
  const destination = formatIp(attributes.get(RTA.DST)) || (isV4 ? "0.0.0.0" : "::");
  const ip = (type: number) => formatIp(attributes.get(type)) || undefined;
  return {
    family: isV4 ? "ipv4" : "ipv6",
    destination: `${destination}/${payload.readUInt8(1)}`,
    gateway: ip(RTA.GATEWAY),
    linkIndex: u32Of(attributes.get(RTA.OIF)),
    source: ip(RTA.PREFSRC),
    metric: u32Of(attributes.get(RTA.PRIORITY)),
    table: u32Of(attributes.get(RTA.TABLE)) ?? payload.readUInt8(4),
  };
}

export function addRoute(route: RouteRequest): void {
  const flags = NLM_F_CREATE | (route.replace ? NLM_F_REPLACE : NLM_F_EXCL);
  changeRoute(RTM_NEWROUTE, route, flags, `add route to ${route.destination}`);
}

/** False when there is no such route. */
export function deleteRoute(route: RouteRequest): boolean {
  try {
    changeRoute(RTM_DELROUTE, route, 0, `delete route to ${route.destination}`);
    return true;
  } catch (error) {
    if (hasErrno(error, "ESRCH", "ENODEV", "ENETUNREACH")) return false;
    throw error;
  }
}

function changeRoute(type: number, route: RouteRequest, flags: number, operation: string): void {
  const { address, prefixLength } = parseCidr(route.destination);
  const bytes = ipBytes(address);
  const parts = [routeHeader(bytes.length === 4 ? AF_INET : AF_INET6, prefixLength, route)];
  if (prefixLength > 0) parts.push(attribute(RTA.DST, bytes));
  if (route.gateway) parts.push(attribute(RTA.GATEWAY, ipBytes(route.gateway)));
  if (route.device) parts.push(u32Attribute(RTA.OIF, indexOfLink(route.device)));
  if (route.source) parts.push(attribute(RTA.PREFSRC, ipBytes(route.source)));
  if (route.metric !== undefined) parts.push(u32Attribute(RTA.PRIORITY, route.metric));
  netlinkRequest({ family: NetlinkFamily.ROUTE, type, flags, parts, operation });
}

/** struct rtmsg. */
function routeHeader(family: number, prefixLength: number, route: RouteRequest): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_BOOT, 5);
  header.writeUInt8(route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK, 6);
  header.writeUInt8(RTN_UNICAST, 7);
  header.writeUInt32LE(route.onLink ? RTNH_F_ONLINK : 0, 8);
  return header;
}
