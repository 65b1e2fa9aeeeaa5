import type { KubeObject } from "../../api/index.ts";

export interface ServicePort {
  name?: string;
  port: number;
  protocol?: string;
  nodePort?: number;
}

export const portsOf = (service: KubeObject) => (service.spec.ports ?? []) as ServicePort[];

export function needsClusterIp({ spec }: KubeObject): boolean {
  return ["ClusterIP", "NodePort", "LoadBalancer"].includes(spec.type) && spec.clusterIP !== "None";
}

export function needsNodePorts({ spec }: KubeObject): boolean {
  return (
    spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)
  );
}

export function needsHealthCheckPort({ spec }: KubeObject): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

export const mayHaveNodePorts = ({ spec }: KubeObject): boolean =>
  spec.type === "NodePort" || spec.type === "LoadBalancer";

/** Addresses and ports that the service holds. */
export function heldAddresses(service: KubeObject | undefined): string[] {
  const addresses = (service?.spec.clusterIPs ?? [service?.spec.clusterIP]) as (string | undefined)[];
  return addresses.filter((ip): ip is string => !!ip && ip !== "None");
}

export function heldPorts(service: KubeObject | undefined): string[] {
  if (!service) return [];
  const ports = [...portsOf(service).map((port) => port.nodePort), service.spec.healthCheckNodePort];
  // A number may stand twice: once for TCP and once for UDP.
  return [...new Set(ports.filter((port) => !!port).map(String))];
}

/** A Service that only names other endpoints: they may be of both families. */
export function isHeadlessWithoutSelector({ spec }: KubeObject): boolean {
  return spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
}
