import type { Backend, Endpoint as ProxyEndpoint } from "../../../reverse-proxy/index.ts";
import type { Endpoint, EndpointSlice, Service, ServicePort } from "../../api/index.ts";

/** The Service's port that a number or a name means. */
export function servicePort(service: Service, port: number | string): ServicePort | undefined {
  return service.spec.ports?.find((one) =>
    typeof port === "number" ? one.port === port : one.name === port,
  );
}

/**
 * Where requests for a port go: endpoints that are ready; where none is, those that still serve while they end (the rule of
 * kube-proxy). In one order, each once.
 */
export function endpointsOf(slices: readonly EndpointSlice[], { name = "" }: ServicePort): ProxyEndpoint[] {
  const ready = new Map<string, ProxyEndpoint>();
  const ending = new Map<string, ProxyEndpoint>();
  for (const { addressType, endpoints, ports } of slices) {
    if (addressType === "FQDN") continue;
    // A slice without endpoints says null.
    const port = (ports ?? []).find((one) => (one.name ?? "") === name)?.port;
    if (port === undefined) continue;
    for (const endpoint of endpoints ?? []) {
      const [address] = endpoint.addresses;
      const group = isReady(endpoint) ? ready : isEnding(endpoint) ? ending : undefined;
      if (address !== undefined) group?.set(`${address} ${port}`, { address, port });
    }
  }
  const chosen = ready.size > 0 ? ready : ending;
  return [...chosen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

/** What a port's `appProtocol` says of how to speak to it (KEP-3726). */
export function protocolOf({ appProtocol }: ServicePort): Backend["protocol"] {
  if (appProtocol === "kubernetes.io/h2c") return "h2c";
  if (appProtocol === "kubernetes.io/ws") return "http1";
  return "auto";
}

const isReady = ({ conditions }: Endpoint) => conditions?.ready !== false;
const isEnding = ({ conditions }: Endpoint) =>
  conditions?.serving === true && conditions.terminating === true;
