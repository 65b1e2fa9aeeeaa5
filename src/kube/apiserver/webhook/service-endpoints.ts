import { isIPv4 } from "node:net";
import { endpointSlices, type KubeObject } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";

export interface Endpoint {
  host: string;
  port: number;
}

interface Slice {
  ports?: { name?: string; port?: number }[];
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
}

/** Where the ready endpoints of a Service's port are that this server may talk to. */
export async function readyEndpoints(
  lookup: ObjectLookup,
  { metadata }: KubeObject,
  portName: string,
): Promise<Endpoint[]> {
  const slices = await lookup.list(endpointSlices, metadata.namespace);
  return slices
    .filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name)
    .flatMap((slice) => endpointsOf(slice as unknown as Slice, portName));
}

function endpointsOf({ ports, endpoints }: Slice, portName: string): Endpoint[] {
  const port = ports?.find(({ name }) => (name ?? "") === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ addresses, conditions }) => conditions?.ready !== false && isReachable(addresses[0] ?? ""))
    .map(({ addresses }) => ({ host: addresses[0]!, port }));
}

/** Whoever can write an address into an object must not reach what only this machine may (proxyutil.IsProxyableIP). */
export function isReachable(host: string): boolean {
  return isIPv4(host) && !/^(?:0|127|169\.254|22[4-9]|23\d)\./.test(host);
}
