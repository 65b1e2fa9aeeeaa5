import type { Service, ServiceSpec } from "../../generated/types.ts";
import { keepStatus } from "../../strategy.ts";
import { isExternallyAccessible } from "./validate.ts";

const AFFINITY_SECONDS = 10_800;

/** `SetDefaults_Service`; addresses, families and node ports are given out by the API server. */
export function setServiceDefaults(service: Service): void {
  service.spec ??= {};
  const { spec } = service;
  spec.type ||= "ClusterIP";
  spec.sessionAffinity ||= "None";
  setAffinity(spec);
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "")
      port.targetPort = port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  service.status ??= {};
  service.status.loadBalancer ??= {};
  if (spec.type !== "LoadBalancer") return;
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
}

function setAffinity(spec: ServiceSpec): void {
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity !== "ClientIP") return;
  if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return;
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

export function prepareServiceForCreate(service: Service): void {
  service.status = { loadBalancer: {} };
}

/** Keeps the status, carries over what was given out, and drops what the new type has no use for. */
export function prepareServiceForUpdate(next: Service, previous: Service): void {
  keepStatus(next, previous);
  keepAllocated(next.spec, previous.spec);
  dropUnused(next.spec, previous.spec);
}

const hasClusterIp = (spec: ServiceSpec) => spec.type !== "ExternalName";
const hasNodePorts = (spec: ServiceSpec) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
const hasHealthCheckPort = (spec: ServiceSpec) =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

/** Clients may leave out addresses and ports that they did not choose (registry patchAllocatedValues). */
function keepAllocated(next: ServiceSpec, previous: ServiceSpec): void {
  if (hasClusterIp(next) && hasClusterIp(previous)) {
    if (!next.clusterIP && !next.clusterIPs?.length) {
      copy(next, previous, "clusterIP");
      copy(next, previous, "clusterIPs");
    } else if (!next.clusterIPs?.length && next.clusterIP === previous.clusterIP)
      copy(next, previous, "clusterIPs");
    else if (!next.clusterIP) next.clusterIP = next.clusterIPs?.[0];
    if (!next.ipFamilies?.length) copy(next, previous, "ipFamilies");
    if (next.ipFamilyPolicy === undefined) copy(next, previous, "ipFamilyPolicy");
  }
  if (hasNodePorts(next) && hasNodePorts(previous)) keepNodePorts(next, previous);
  if (hasHealthCheckPort(next) && hasHealthCheckPort(previous) && !next.healthCheckNodePort) {
    copy(next, previous, "healthCheckNodePort");
  }
}

function keepNodePorts(next: ServiceSpec, previous: ServiceSpec): void {
  const used = new Set((next.ports ?? []).map((port) => `${port.protocol}/${port.nodePort}`));
  for (const port of next.ports ?? []) {
    if (port.nodePort) continue;
    const before = previous.ports?.find((one) => one.port === port.port && one.protocol === port.protocol);
    if (before?.nodePort && !used.has(`${before.protocol}/${before.nodePort}`))
      port.nodePort = before.nodePort;
  }
}

function copy(next: ServiceSpec, previous: ServiceSpec, field: keyof ServiceSpec): void {
  const value = previous[field];
  if (value !== undefined) Object.assign(next, { [field]: Array.isArray(value) ? [...value] : value });
}

/** Fields of the old type that the client merely sent back are dropped (registry dropTypeDependentFields). */
function dropUnused(next: ServiceSpec, previous: ServiceSpec): void {
  if (hasClusterIp(previous) && !hasClusterIp(next) && next.clusterIP === previous.clusterIP) {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const)
      delete next[field];
  }
  if (hasNodePorts(previous) && !hasNodePorts(next) && sameNodePorts(next, previous)) {
    for (const port of next.ports ?? []) delete port.nodePort;
  }
  if (hasHealthCheckPort(previous) && !hasHealthCheckPort(next)) {
    if (next.healthCheckNodePort === previous.healthCheckNodePort) delete next.healthCheckNodePort;
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(next)) delete next.externalTrafficPolicy;
  if (previous.type !== "LoadBalancer" || next.type === "LoadBalancer") return;
  if (next.allocateLoadBalancerNodePorts === previous.allocateLoadBalancerNodePorts) {
    delete next.allocateLoadBalancerNodePorts;
  }
  if (next.loadBalancerClass === previous.loadBalancerClass) delete next.loadBalancerClass;
}

function sameNodePorts(next: ServiceSpec, previous: ServiceSpec): boolean {
  const before = new Set((previous.ports ?? []).map((port) => port.nodePort));
  return (next.ports ?? []).every((port) => !port.nodePort || before.has(port.nodePort));
}
