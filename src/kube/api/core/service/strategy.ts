import { jsonEquals } from "../../../../formats/index.ts";
import type { Service, ServicePort, ServiceSpec } from "../../generated/types.ts";
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
  if (OF_CLUSTER.includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
  service.status ??= {};
  service.status.loadBalancer ??= {};
  if (spec.type !== "LoadBalancer") return;
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
}

const OF_CLUSTER = ["ClusterIP", "LoadBalancer", "NodePort"];

function setAffinity(spec: ServiceSpec): void {
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity !== "ClientIP") return;
  if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return;
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

export function prepareServiceForCreate(service: Service): void {
  service.status = { loadBalancer: {} };
  const { spec } = service;
  // Old clients write only the one address; who writes the list writes both.
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  dropInternalPolicy(spec);
}

/** What has no address has no traffic (registry defaultOnReadInternalTrafficPolicy); a bad value is left to be refused. */
function dropInternalPolicy(spec: ServiceSpec): void {
  const { type, internalTrafficPolicy = "" } = spec;
  if (type === "ExternalName" && ["Cluster", "Local"].includes(internalTrafficPolicy))
    delete spec.internalTrafficPolicy;
}

/** Keeps the status, carries over what was given out, and drops what the new type has no use for. */
export function prepareServiceForUpdate(next: Service, previous: Service): void {
  keepStatus(next, previous);
  keepAllocated(next.spec, previous.spec);
  alignClusterIps(next.spec, previous.spec);
  dropUnused(next.spec, previous.spec);
  dropInternalPolicy(next.spec);
  if (next.spec.type !== "LoadBalancer") next.status = { ...next.status, loadBalancer: {} };
}

const hasClusterIp = (spec: ServiceSpec) => spec.type !== "ExternalName";
const mayHaveNodePorts = ({ type }: ServiceSpec) => type === "NodePort" || type === "LoadBalancer";
const getsNodePorts = (spec: ServiceSpec) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
const hasHealthCheckPort = (spec: ServiceSpec) =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

/** Clients may leave out addresses and ports that they did not choose (registry patchAllocatedValues). */
function keepAllocated(next: ServiceSpec, previous: ServiceSpec): void {
  if (hasClusterIp(next) && hasClusterIp(previous)) {
    if (!next.clusterIP) copy(next, previous, "clusterIP");
    if (!next.clusterIPs?.length) copy(next, previous, "clusterIPs");
  }
  if (getsNodePorts(next) && getsNodePorts(previous)) keepNodePorts(next.ports ?? [], previous.ports ?? []);
  if (hasHealthCheckPort(next) && hasHealthCheckPort(previous) && !next.healthCheckNodePort)
    copy(next, previous, "healthCheckNodePort");
}

/** A node port follows its port's name, whatever else of the port changes. */
function keepNodePorts(next: ServicePort[], previous: readonly ServicePort[]): void {
  const given = new Set(next.map((port) => port.nodePort).filter(Boolean));
  const byName = new Map(previous.map((port) => [port.name ?? "", port.nodePort]));
  for (const port of next) {
    const before = byName.get(port.name ?? "");
    if (!port.nodePort && before && !given.has(before)) port.nodePort = before;
  }
}

/** The one address and the list of them: what an update changed in one is done to the other (registry normalizeClusterIPs). */
function alignClusterIps(next: ServiceSpec, previous: ServiceSpec): void {
  const isSame = next.clusterIP === previous.clusterIP || (!next.clusterIP && !previous.clusterIP);
  if (isSame) {
    if (!next.clusterIPs?.length) copy(next, previous, "clusterIPs");
    return;
  }
  if (!jsonEquals(next.clusterIPs ?? [], previous.clusterIPs ?? [])) return;
  if (next.clusterIP) next.clusterIPs = [next.clusterIP];
  else delete next.clusterIPs;
}

function copy(next: ServiceSpec, previous: ServiceSpec, field: keyof ServiceSpec): void {
  const value = previous[field];
  if (value !== undefined) Object.assign(next, { [field]: Array.isArray(value) ? [...value] : value });
}

/** Fields of the old type that the client merely sent back are dropped (registry dropTypeDependentFields). */
function dropUnused(next: ServiceSpec, previous: ServiceSpec): void {
  const drop = (...fields: (keyof ServiceSpec)[]) => {
    if (fields.every((field) => jsonEquals(next[field] ?? null, previous[field] ?? null)))
      for (const field of fields) delete next[field];
  };
  if (hasClusterIp(previous) && !hasClusterIp(next)) {
    drop("clusterIP", "clusterIPs");
    drop("ipFamilies");
    drop("ipFamilyPolicy");
  }
  if (mayHaveNodePorts(previous) && !mayHaveNodePorts(next) && areKnownNodePorts(next, previous)) {
    for (const port of next.ports ?? []) delete port.nodePort;
  }
  if (hasHealthCheckPort(previous) && !hasHealthCheckPort(next)) drop("healthCheckNodePort");
  if (previous.type === "LoadBalancer" && next.type !== "LoadBalancer") {
    drop("allocateLoadBalancerNodePorts");
    drop("loadBalancerClass");
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(next)) drop("externalTrafficPolicy");
}

function areKnownNodePorts(next: ServiceSpec, previous: ServiceSpec): boolean {
  const before = new Set((previous.ports ?? []).map((port) => port.nodePort));
  return (next.ports ?? []).every((port) => !port.nodePort || before.has(port.nodePort));
}
