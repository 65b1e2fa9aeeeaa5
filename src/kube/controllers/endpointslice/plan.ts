import { jsonEquals } from "../../../formats/index.ts";
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from "../../api/index.ts";
import type { PortGroup, SliceEndpoint, SlicePort } from "./endpoints-of.ts";

/** Upstream's --max-endpoints-per-slice. */
export const MAX_ENDPOINTS = 100;

export interface SliceContent {
  ports: SlicePort[];
  endpoints: SliceEndpoint[];
}

export interface SlicePlan {
  create: SliceContent[];
  update: { slice: EndpointSlice; content: SliceContent }[];
  remove: EndpointSlice[];
  /** Slices that are as they should be but for hints, which are planned afterwards. */
  keep: { slice: EndpointSlice; content: SliceContent }[];
}

const podOf = (endpoint: Endpoint | SliceEndpoint): string =>
  endpoint.targetRef?.uid ?? endpoint.addresses[0]!;

/**
 * Which slices to write so that they hold exactly the groups, with these labels. An endpoint stays in the slice that has
 * it, new ones fill slices with room, so that a change of one pod writes one slice.
 */
export function planSlices(
  groups: readonly PortGroup[],
  existing: readonly EndpointSlice[],
  labels: Record<string, string>,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [], keep: [] };
  const unused = new Set(existing);
  const keep = (slice: EndpointSlice, content: SliceContent): void => {
    unused.delete(slice);
    const isSame = sameEndpoints(slice.endpoints ?? [], content.endpoints) && samePorts(slice, content.ports);
    const isKept = isSame && jsonEquals(slice.metadata.labels ?? {}, labels);
    (isKept ? plan.keep : plan.update).push({ slice, content });
  };
  for (const { ports, endpoints } of groups) {
    const wanted = new Map(endpoints.map((endpoint) => [podOf(endpoint), endpoint]));
    const filled = existing
      .filter((slice) => samePorts(slice, ports))
      .map((slice) => ({ slice, endpoints: takeOver(slice, wanted) }));
    const rest = [...wanted.values()];
    for (const one of filled)
      one.endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - one.endpoints.length)));
    for (const one of filled)
      if (one.endpoints.length > 0) keep(one.slice, { ports, endpoints: one.endpoints });
    while (rest.length > 0) plan.create.push({ ports, endpoints: rest.splice(0, MAX_ENDPOINTS) });
  }
  // A Service without endpoints keeps one empty slice, as upstream's does.
  if (groups.length === 0) {
    const [first] = existing;
    if (first) keep(first, { ports: [], endpoints: [] });
    else plan.create.push({ ports: [], endpoints: [] });
  }
  // Rather than one made and another removed, the same slice gets what the new one would have: nobody sees both (upstream's finalize).
  for (const slice of unused) {
    const content = plan.create.shift();
    if (content) plan.update.push({ slice, content });
    else plan.remove.push(slice);
  }
  return plan;
}

/** The wanted endpoints that the slice holds already, in its order; they are no longer in `wanted` then. */
function takeOver(slice: EndpointSlice, wanted: Map<string, SliceEndpoint>): SliceEndpoint[] {
  const endpoints: SliceEndpoint[] = [];
  for (const endpoint of slice.endpoints ?? []) {
    const next = wanted.get(podOf(endpoint));
    if (!next || endpoints.length === MAX_ENDPOINTS) continue;
    endpoints.push(next);
    wanted.delete(podOf(endpoint));
  }
  return endpoints;
}

function samePorts(slice: EndpointSlice, ports: readonly SlicePort[]): boolean {
  return JSON.stringify((slice.ports ?? []).map(normalPort)) === JSON.stringify(ports);
}

function normalPort(port: DiscoveryV1EndpointPort): SlicePort {
  const normal: SlicePort = { name: port.name ?? "", port: port.port ?? 0, protocol: port.protocol ?? "TCP" };
  if (port.appProtocol) normal.appProtocol = port.appProtocol;
  return normal;
}

function sameEndpoints(a: readonly Endpoint[], b: readonly SliceEndpoint[]): boolean {
  if (a.length !== b.length) return false;
  const known = new Map(a.map(({ hints: _hints, ...one }) => [podOf(one), one]));
  return b.every((one) => jsonEquals(known.get(podOf(one)), one));
}
