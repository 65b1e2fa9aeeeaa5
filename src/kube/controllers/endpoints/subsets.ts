import type { PortGroup, SliceEndpoint } from "../endpointslice/endpoints-of.ts";

/** Upstream cuts an Endpoints object at this many addresses. */
const MAX_ADDRESSES = 1000;

interface Address {
  ip: string;
  hostname?: string;
  nodeName?: string;
  targetRef: NonNullable<SliceEndpoint["targetRef"]>;
}

interface Subset {
  addresses?: Address[];
  notReadyAddresses?: Address[];
  ports?: object[];
}

/** The older form of a Service's endpoints; pods that terminate are in it only where their readiness does not count. */
export function subsetsOf(groups: readonly PortGroup[]): { subsets: Subset[]; isTruncated: boolean } {
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

function subset(group: PortGroup, ready: Address[], notReady: Address[]): Subset[] {
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

function addresses(endpoints: readonly SliceEndpoint[], ready: boolean): Address[] {
  return endpoints
    .filter((endpoint) => endpoint.conditions.ready === ready)
    .map(({ addresses: [ip], hostname, nodeName, targetRef }) => ({
      ip: ip!,
      ...(hostname ? { hostname } : {}),
      ...(nodeName ? { nodeName } : {}),
      targetRef: targetRef!,
    }))
    .sort((a, b) => compareAddresses(a.ip, b.ip) || (a.targetRef.uid < b.targetRef.uid ? -1 : 1));
}

/** By number, not by text: 10.0.0.9 before 10.0.0.10. */
function compareAddresses(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let index = 0; index < left.length; index++) {
    const difference = left[index]! - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
