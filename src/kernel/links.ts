import { closeSync, openSync } from "node:fs";
import { notFound } from "../base/index.ts";
import { hasErrno } from "./libc.ts";
import {
  NetlinkFamily,
  type NetlinkRequest,
  netlinkDump,
  netlinkGet,
  netlinkRequest,
  prepareNetlinkRequest,
} from "./netlink.ts";
import {
  type Attributes,
  attribute,
  decodeAttributes,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nested,
  textAttribute,
  textOf,
  u8Attribute,
  u32Attribute,
  u32Of,
} from "./netlink-message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  MASTER: 10,
  OPERSTATE: 16,
  LINKINFO: 18,
  GROUP: 27,
  STATS64: 23,
  NET_NS_FD: 28,
} as const;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BR_FORWARD_DELAY = 1;

export const IFF_UP = 1;
const IF_OPER_UP = 6;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;

export interface LinkCounters {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  rxErrors: number;
  txErrors: number;
  rxDropped: number;
  txDropped: number;
}

export interface Link {
  index: number;
  name: string;
  /** `bridge`, `veth`, …; absent for physical ones and `lo`. */
  kind?: string;
  mac: string;
  mtu: number;
  /** Switched on by the administrator. */
  isUp: boolean;
  /** Packets pass: the kernel finds this out some time after both ends of a link were switched on (RFC 2863). */
  isOperational: boolean;
  isLoopback: boolean;
  /** Index of the bridge it is plugged into. */
  masterIndex?: number;
  counters: LinkCounters;
}

/** struct ifinfomsg. */
export function linkHeader(index = 0, flags = 0, change = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}

function request(type: number, operation: string, parts: Buffer[], flags = 0): NetlinkRequest {
  return { family: NetlinkFamily.ROUTE, type, flags, parts, operation };
}

/** All links of the current network namespace. */
export function listLinks(): Link[] {
  return netlinkDump(request(RTM_GETLINK, "list links", [linkHeader()])).map(({ payload }) =>
    parseLink(payload),
  );
}

export function findLink(name: string): Link | undefined {
  const parts = [linkHeader(), textAttribute(IFLA.IFNAME, name)];
  try {
    return parseLink(netlinkGet(request(RTM_GETLINK, `find link ${name}`, parts)).payload);
  } catch (error) {
    if (hasErrno(error, "ENODEV")) return undefined;
    throw error;
  }
}

function parseLink(payload: Buffer): Link {
  const flags = payload.readUInt32LE(8);
  const attributes = decodeAttributes(payload.subarray(16));
  const info = attributes.get(IFLA.LINKINFO);
  return {
    index: payload.readInt32LE(4),
    name: textOf(attributes.get(IFLA.IFNAME)) ?? "",
    kind: info && textOf(decodeAttributes(info).get(IFLA_INFO_KIND)),
    mac: formatMac(attributes.get(IFLA.ADDRESS)),
    mtu: u32Of(attributes.get(IFLA.MTU)) ?? 0,
    isUp: (flags & IFF_UP) !== 0,
    isOperational: attributes.get(IFLA.OPERSTATE)?.[0] === IF_OPER_UP,
    isLoopback: (flags & 8) !== 0,
    masterIndex: u32Of(attributes.get(IFLA.MASTER)),
    counters: parseCounters(attributes),
  };
}

/** struct rtnl_link_stats64: the first eight counters. */
function parseCounters(attributes: Attributes): LinkCounters {
  const stats = attributes.get(IFLA.STATS64);
  const at = (index: number) => (stats && stats.length >= 64 ? Number(stats.readBigUInt64LE(index * 8)) : 0);
  return {
    rxPackets: at(0),
    txPackets: at(1),
    rxBytes: at(2),
    txBytes: at(3),
    rxErrors: at(4),
    txErrors: at(5),
    rxDropped: at(6),
    txDropped: at(7),
  };
}

export function formatMac(bytes: Buffer | undefined): string {
  return bytes ? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":") : "";
}

export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.split(":").map((part) => Number.parseInt(part, 16)));
}

/** Creates a bridge, up, without spanning tree or forward delay. AlreadyExists when the name is taken. */
export function createBridge(
  name: string,
  options: { mac?: string; mtu?: number; group?: number } = {},
): void {
  const data = nested(IFLA_INFO_DATA, [u32Attribute(IFLA_BR_FORWARD_DELAY, 0)]);
  const parts = [
    linkHeader(0, IFF_UP, IFF_UP),
    textAttribute(IFLA.IFNAME, name),
    nested(IFLA.LINKINFO, [textAttribute(IFLA_INFO_KIND, "bridge"), data]),
  ];
  if (options.mac) parts.push(attribute(IFLA.ADDRESS, macBytes(options.mac)));
  if (options.mtu) parts.push(u32Attribute(IFLA.MTU, options.mtu));
  if (options.group) parts.push(u32Attribute(IFLA.GROUP, options.group));
  netlinkRequest(request(RTM_NEWLINK, `create bridge ${name}`, parts, NLM_F_CREATE | NLM_F_EXCL));
}

export interface VethOptions {
  /** Host side: at most 15 characters. */
  hostName: string;
  hostMac?: string;
  peerName: string;
  peerMac?: string;
  /** Network namespace in which the peer appears; the current one if absent. */
  peerNetnsPath?: string;
  mtu?: number;
  /** Bridge that the host side is plugged into. */
  master?: string;
  /** Link group of the host side: what nftables' `iifgroup` matches. */
  group?: number;
}

/** Creates a veth pair; the host side is up, the peer is brought up inside its namespace by the caller. */
export function createVethPair(options: VethOptions): void {
  const netns = options.peerNetnsPath === undefined ? undefined : openSync(options.peerNetnsPath, "r");
  try {
    const peer = [linkHeader(), textAttribute(IFLA.IFNAME, options.peerName)];
    if (options.peerMac) peer.push(attribute(IFLA.ADDRESS, macBytes(options.peerMac)));
    if (options.mtu) peer.push(u32Attribute(IFLA.MTU, options.mtu));
    if (netns !== undefined) peer.push(u32Attribute(IFLA.NET_NS_FD, netns));
    const parts = [linkHeader(0, IFF_UP, IFF_UP), textAttribute(IFLA.IFNAME, options.hostName)];
    if (options.hostMac) parts.push(attribute(IFLA.ADDRESS, macBytes(options.hostMac)));
    if (options.mtu) parts.push(u32Attribute(IFLA.MTU, options.mtu));
    if (options.group) parts.push(u32Attribute(IFLA.GROUP, options.group));
    if (options.master) parts.push(u32Attribute(IFLA.MASTER, indexOfLink(options.master)));
    parts.push(
      nested(IFLA.LINKINFO, [
        textAttribute(IFLA_INFO_KIND, "veth"),
        nested(IFLA_INFO_DATA, [attribute(VETH_INFO_PEER, Buffer.concat(peer))]),
      ]),
    );
    netlinkRequest(request(RTM_NEWLINK, `create veth ${options.hostName}`, parts, NLM_F_CREATE | NLM_F_EXCL));
  } finally {
    if (netns !== undefined) closeSync(netns);
  }
}

/** Index of the named link; NotFound when there is none. */
export function indexOfLink(name: string): number {
  const link = findLink(name);
  if (!link)
    throw notFound(`no network link ${name}`, { code: "Kernel.ENODEV", details: { errno: "ENODEV", name } });
  return link.index;
}

/** Removes a link (a veth's peer goes with it). False when there was none. */
export function deleteLink(name: string): boolean {
  return ifPresent(() => netlinkRequest(deletion(name)));
}

let lastDeletion: Promise<unknown> = Promise.resolve();

/**
 * As `deleteLink`; the kernel's wait of some 20 ms happens on a worker thread. One after the other: the kernel would not
 * do two at once either, and the other worker threads stay free.
 */
export async function deleteLinkAsync(name: string): Promise<boolean> {
  // The namespace of now, not of when its turn comes.
  const remove = prepareNetlinkRequest(deletion(name));
  const turn = lastDeletion.then(remove, remove);
  lastDeletion = turn.catch(() => {});
  try {
    await turn;
    return true;
  } catch (error) {
    if (hasErrno(error, "ENODEV")) return false;
    throw error;
  }
}

function deletion(name: string): NetlinkRequest {
  return request(RTM_DELLINK, `delete link ${name}`, [linkHeader(), textAttribute(IFLA.IFNAME, name)]);
}

function ifPresent(fn: () => void): boolean {
  try {
    fn();
    return true;
  } catch (error) {
    if (hasErrno(error, "ENODEV")) return false;
    throw error;
  }
}

export function setLinkUp(name: string): void {
  const parts = [linkHeader(0, IFF_UP, IFF_UP), textAttribute(IFLA.IFNAME, name)];
  netlinkRequest(request(RTM_NEWLINK, `set link ${name} up`, parts));
}

export function setLinkDown(name: string): void {
  const parts = [linkHeader(0, 0, IFF_UP), textAttribute(IFLA.IFNAME, name)];
  netlinkRequest(request(RTM_NEWLINK, `set link ${name} down`, parts));
}

export function setLinkMtu(name: string, mtu: number): void {
  const parts = [linkHeader(), textAttribute(IFLA.IFNAME, name), u32Attribute(IFLA.MTU, mtu)];
  netlinkRequest(request(RTM_NEWLINK, `set mtu of ${name}`, parts));
}

/** Puts a link into a group, which nftables matches with `iifgroup` and `oifgroup`. */
export function setLinkGroup(name: string, group: number): void {
  const parts = [linkHeader(indexOfLink(name)), u32Attribute(IFLA.GROUP, group)];
  netlinkRequest(request(RTM_NEWLINK, `set group of ${name}`, parts));
}

/** Plugs a link into a bridge, or out of any with `undefined`. */
export function setLinkMaster(name: string, master: string | undefined): void {
  const index = master === undefined ? 0 : indexOfLink(master);
  const parts = [linkHeader(), textAttribute(IFLA.IFNAME, name), u32Attribute(IFLA.MASTER, index)];
  netlinkRequest(request(RTM_NEWLINK, `set master of ${name}`, parts));
}

/** The link must be down for this. */
export function renameLink(name: string, newName: string): void {
  const parts = [linkHeader(indexOfLink(name)), textAttribute(IFLA.IFNAME, newName)];
  netlinkRequest(request(RTM_NEWLINK, `rename link ${name}`, parts));
}

/** Behaviour of a bridge's port: `hairpin` sends frames back where they came from, `isolated` ports see only the bridge. */
export function setBridgePort(name: string, options: { hairpin?: boolean; isolated?: boolean }): void {
  const settings: Buffer[] = [];
  if (options.hairpin !== undefined) settings.push(u8Attribute(IFLA_BRPORT_MODE, options.hairpin ? 1 : 0));
  if (options.isolated !== undefined)
    settings.push(u8Attribute(IFLA_BRPORT_ISOLATED, options.isolated ? 1 : 0));
  const slave = [textAttribute(IFLA_INFO_SLAVE_KIND, "bridge"), nested(IFLA_INFO_SLAVE_DATA, settings)];
  const parts = [linkHeader(), textAttribute(IFLA.IFNAME, name), nested(IFLA.LINKINFO, slave)];
  netlinkRequest(request(RTM_NEWLINK, `set bridge port ${name}`, parts));
}
