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

const mayHaveNodePorts = ({ spec }: KubeObject) => spec.type === "NodePort" || spec.type === "LoadBalancer";

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

/** Keeps what was given out before where an update leaves it out (registry/core/service patchAllocatedValues). */
export function keepAllocated(next: KubeObject, previous: KubeObject): void {
  if (needsClusterIp(previous) && needsClusterIp(next)) {
    next.spec.clusterIP ||= previous.spec.clusterIP;
    if (!next.spec.clusterIPs?.length && next.spec.clusterIP === previous.spec.clusterIP) {
      next.spec.clusterIPs = structuredClone(previous.spec.clusterIPs);
    }
  }
  if (needsNodePorts(previous) && needsNodePorts(next)) keepNodePorts(next, previous);
  if (needsHealthCheckPort(previous) && needsHealthCheckPort(next)) {
    next.spec.healthCheckNodePort ||= previous.spec.healthCheckNodePort;
  }
}

function keepNodePorts(next: KubeObject, previous: KubeObject): void {
  const named = new Set(portsOf(next).map((port) => port.nodePort));
  const before = new Map(portsOf(previous).map((port) => [port.name ?? "", port.nodePort]));
  for (const port of portsOf(next)) {
    const old = before.get(port.name ?? "");
    if (port.nodePort || !old || named.has(old)) continue;
    port.nodePort = old;
    named.add(old);
  }
}

/** Drops what the new type has no use for, if the client did not change it by itself (dropTypeDependentFields). */
export function dropUnused(next: KubeObject, previous: KubeObject): void {
  const same = (field: string) => JSON.stringify(next.spec[field]) === JSON.stringify(previous.spec[field]);
  if (
    needsClusterIp(previous) &&
    next.spec.type === "ExternalName" &&
    same("clusterIP") &&
    same("clusterIPs")
  ) {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete next.spec[field];
  }
  if (mayHaveNodePorts(previous) && !mayHaveNodePorts(next)) {
    const before = new Set(portsOf(previous).map((port) => port.nodePort));
    for (const port of portsOf(next)) if (before.has(port.nodePort)) delete port.nodePort;
  }
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(next) && same("healthCheckNodePort")) {
    delete next.spec.healthCheckNodePort;
  }
}
