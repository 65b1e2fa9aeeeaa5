import type { EndpointAddress, EndpointSubset } from "../../api/index.ts";
import type { PortGroup, SliceEndpoint } from "../endpointslice/endpoints-of.ts";

/** Upstream cuts an Endpoints object at this many addresses. */
const MAX_ADDRESSES = 1000;

/** The older form of a Service's endpoints; pods that terminate are in it only where their readiness does not count. */
export function subsetsOf(groups: readonly PortGroup[]): { subsets: EndpointSubset[]; isTruncated: boolean } {
  const parts = groups.map((group) => {
    const shown = group.endpoints.filter(({ conditions }) => conditions.ready || !conditions.terminating);
    return { group, ready: addresses(shown, true), notReady: addresses(shown, false) };
  });
  // Ready addresses are kept before others.
  let room = MAX_ADDRESSES;
  const take = <T>(list: readonly T[]): T[] => {
    const taken = list.slice(0, room);
    room -= taken.length;
    return taken;
  };
  const ready = parts.map((part) => take(part.ready));
  const notReady = parts.map((part) => take(part.notReady));
  const subsets = parts.flatMap(({ group }, index) => subset(group, ready[index]!, notReady[index]!));
  const total = parts.reduce((sum, part) => sum + part.ready.length + part.notReady.length, 0);
  return { subsets, isTruncated: total > MAX_ADDRESSES };
}

function subset(group: PortGroup, ready: EndpointAddress[], notReady: EndpointAddress[]): EndpointSubset[] {
  if (ready.length + notReady.length === 0) return [];
  const ports = group.ports.map(({ name, ...port }) => (name === "" ? port : { name, ...port }));
  return [
    {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    },
  ];
}

function addresses(endpoints: readonly SliceEndpoint[], ready: boolean): EndpointAddress[] {
  const chosen = endpoints.filter((endpoint) => endpoint.conditions.ready === ready);
  const numbered = chosen.map((endpoint) => ({ endpoint, number: numberOf(endpoint.addresses[0]!) }));
  numbered.sort(
    (a, b) => a.number - b.number || (a.endpoint.targetRef!.uid! < b.endpoint.targetRef!.uid! ? -1 : 1),
  );
  return numbered.map(({ endpoint: { addresses, hostname, nodeName, targetRef } }) => ({
    ip: addresses[0]!,
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: targetRef!,
  }));
}

/** Addresses in the order of their numbers and not of their text: 10.0.0.9 before 10.0.0.10. */
function numberOf(address: string): number {
  let number = 0;
  for (const part of address.split(".")) number = number * 256 + Number(part);
  return number;
}
