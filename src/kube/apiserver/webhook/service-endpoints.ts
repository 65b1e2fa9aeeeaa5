import { endpointSlices, type KubeObject, services } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { isReachable } from "./reachable-address.ts";

export interface Endpoint {
  host: string;
  port: number;
}

/** One port of a Service. */
export interface ServiceReference {
  namespace: string;
  name: string;
  port: number;
}

/** Why a Service leads nowhere. */
export class NoWayToService extends Error {}

interface Slice {
  ports?: { name?: string; port?: number }[];
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
}

/** One of the ready endpoints of a Service's port, or what stands outside under its name. Throws NoWayToService. */
export async function serviceEndpoint(
  lookup: ObjectLookup,
  { namespace, name, port }: ServiceReference,
): Promise<Endpoint> {
  const found = await lookup.get(services, namespace, name);
  const quoted = JSON.stringify(name);
  if (!found) throw new NoWayToService(`service ${quoted} not found`);
  if (found.spec?.type === "ExternalName") return { host: String(found.spec.externalName), port };
  const ports = (found.spec?.ports ?? []) as { name?: string; port: number }[];
  const wanted = ports.find((one) => one.port === port);
  if (!wanted) throw new NoWayToService(`no service port ${port} found for service ${quoted}`);
  const endpoints = await readyEndpoints(lookup, found, wanted.name ?? "");
  const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
  if (!endpoint) throw new NoWayToService(`no endpoints available for service ${quoted}`);
  return endpoint;
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
