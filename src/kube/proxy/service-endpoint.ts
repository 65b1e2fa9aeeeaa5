import { isIPv4 } from "node:net";
import type { EndpointSlice } from "../api/index.ts";
import { staysInZone } from "./topology.ts";

/** One address and port behind a Service. */
export interface ServiceEndpoint {
  ip: string;
  port: number;
  /** Of the pod behind it; empty where there is none. */
  podUid: string;
  isReady: boolean;
  isServing: boolean;
  isTerminating: boolean;
  /** Its containers are being ended: it may be gone at any moment, or serve until its grace is over. */
  isEnding: boolean;
  /** On this node. */
  isLocal: boolean;
  /** Zones whose nodes are to use it; empty: it has no hint. */
  zoneHints: readonly string[];
}

/** The endpoints of one port of a Service, from all its slices; an address that stands in several counts once. */
export function endpointsOfPort(
  slices: readonly EndpointSlice[],
  portName: string,
  nodeName: string,
): ServiceEndpoint[] {
  const found = new Map<string, ServiceEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4") continue;
    const ports = (slice.ports ?? []).filter((port) => (port.name ?? "") === portName && port.port);
    for (const { port } of ports) {
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses[0];
        if (!ip || !isForwardable(ip)) continue;
        // Defaults of absent conditions: discovery/v1, EndpointConditions.
        const isReady = endpoint.conditions?.ready ?? true;
        const candidate = {
          ip,
          port: port!,
          podUid: endpoint.targetRef?.uid ?? "",
          isReady,
          isServing: endpoint.conditions?.serving ?? isReady,
          isTerminating: endpoint.conditions?.terminating ?? false,
          isEnding: false,
          isLocal: endpoint.nodeName === nodeName,
          zoneHints: (endpoint.hints?.forZones ?? []).map(({ name }) => name),
        };
        const key = `${ip}:${port}`;
        const known = found.get(key);
        // While an endpoint moves from one slice to another it is in both: the better state counts.
        if (!known || (candidate.isReady && !known.isReady)) found.set(key, candidate);
      }
    }
  }
  // A stable order keeps the rules equal when nothing changed.
  return [...found.values()].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
}

/** Whoever can write an EndpointSlice must not reach the node's own loopback through it. */
function isForwardable(ip: string): boolean {
  return isIPv4(ip) && !ip.startsWith("127.") && !ip.startsWith("0.");
}

/**
 * Which endpoints take new connections: ready ones (those for this node's zone, where hints count), or else those that still serve
 * while they terminate (KEP-1669), and of these rather one that has not heard of it yet.
 */
export function usableEndpoints(endpoints: readonly ServiceEndpoint[], zone: string): ServiceEndpoint[] {
  const mayLeaveZone = !staysInZone(endpoints, zone);
  return readyOrServing(endpoints, ({ zoneHints }) => mayLeaveZone || zoneHints.includes(zone));
}

/** The same of this node's alone, as traffic policy Local has it: zones do not count. */
export function usableLocalEndpoints(endpoints: readonly ServiceEndpoint[]): ServiceEndpoint[] {
  return readyOrServing(
    endpoints.filter(({ isLocal }) => isLocal),
    () => true,
  );
}

function readyOrServing(
  endpoints: readonly ServiceEndpoint[],
  isNear: (endpoint: ServiceEndpoint) => boolean,
): ServiceEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.isReady && isNear(endpoint));
  if (ready.length > 0) return ready;
  const terminating = endpoints.filter(({ isServing, isTerminating }) => isServing && isTerminating);
  const untold = terminating.filter(({ isEnding }) => !isEnding);
  return untold.length > 0 ? untold : terminating;
}
