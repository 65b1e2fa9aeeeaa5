import type { KubeObject } from "../../api/types.ts";
import type { PortGroup, SliceEndpoint, SlicePort } from "./endpoints-of.ts";

/** Upstream's --max-endpoints-per-slice. */
export const MAX_ENDPOINTS = 100;

export interface SliceContent {
  ports: SlicePort[];
  endpoints: SliceEndpoint[];
}

export interface SlicePlan {
  create: SliceContent[];
  update: { slice: KubeObject; content: SliceContent }[];
  remove: KubeObject[];
}

const podOf = (endpoint: KubeObject | SliceEndpoint): string => endpoint.targetRef?.uid ?? endpoint.addresses[0]!;

/**
 * Which slices to write so that they hold exactly the groups. An endpoint stays in the slice that has it, new ones fill
 * slices with room, so that a change of one pod writes one slice.
 */
export function planSlices(groups: readonly PortGroup[], existing: readonly KubeObject[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const unused = new Set(existing);
  for (const group of groups) {
    const portsKey = JSON.stringify(group.ports);
    const slices = existing.filter((slice) => JSON.stringify((slice.ports ?? []).map(normalPort)) === portsKey);
    const wanted = new Map(group.endpoints.map((endpoint) => [podOf(endpoint), endpoint]));
    const filled = slices.map((slice) => {
      const endpoints: SliceEndpoint[] = [];
      for (const endpoint of slice.endpoints ?? []) {
        const next = wanted.get(podOf(endpoint));
        if (!next) continue;
        endpoints.push(next);
        wanted.delete(podOf(endpoint));
      }
      return { slice, endpoints };
    });
    const rest = [...wanted.values()];
    for (const one of filled) one.endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - one.endpoints.length)));
    for (const { slice, endpoints } of filled) {
      if (endpoints.length === 0) continue;
      unused.delete(slice);
      if (!sameEndpoints(slice.endpoints ?? [], endpoints)) plan.update.push({ slice, content: { ports: group.ports, endpoints } });
    }
    while (rest.length > 0) plan.create.push({ ports: group.ports, endpoints: rest.splice(0, MAX_ENDPOINTS) });
  }
  // A Service without endpoints keeps one empty slice, as upstream's does.
  if (groups.length === 0) {
    const kept = unused.values().next().value;
    if (!kept) plan.create.push({ ports: [], endpoints: [] });
    else {
      unused.delete(kept);
      if ((kept.endpoints ?? []).length > 0) plan.update.push({ slice: kept, content: { ports: [], endpoints: [] } });
    }
  }
  plan.remove.push(...unused);
  return plan;
}

function normalPort(port: KubeObject): SlicePort {
  const normal: SlicePort = { name: port.name ?? "", port: port.port, protocol: port.protocol ?? "TCP" };
  if (port.appProtocol) normal.appProtocol = port.appProtocol;
  return normal;
}

function sameEndpoints(a: readonly KubeObject[], b: readonly SliceEndpoint[]): boolean {
  const text = (one: KubeObject | SliceEndpoint) =>
    JSON.stringify([one.addresses, one.conditions?.ready, one.conditions?.serving, one.conditions?.terminating, one.hostname, one.nodeName, podOf(one)]);
  if (a.length !== b.length) return false;
  const texts = new Set(a.map(text));
  return b.every((one) => texts.has(text(one)));
}
