import { isIPv4 } from "node:net";
import type { Service } from "../api/index.ts";

export interface ServicePortInfo {
  /** `namespace/name:port`. */
  id: string;
  portName: string;
  protocol: "tcp" | "udp" | "sctp";
  port: number;
  clusterIps: string[];
  /** 0 for none. */
  nodePort: number;
  externalIps: string[];
  loadBalancerIps: string[];
  /** Who may come through the load balancer's addresses; empty: everybody. */
  sourceRanges: string[];
  /** Seconds for which a client keeps its endpoint; undefined: every connection is spread. */
  affinitySeconds?: number;
  internalLocal: boolean;
  externalLocal: boolean;
}

const SERVICE_PROXY_NAME = "service.kubernetes.io/service-proxy-name";
const DEFAULT_AFFINITY_SECONDS = 10_800;

/** What is to be done for a Service, port by port; nothing for headless, external-name and otherwise served ones. */
export function servicePortsOf(service: Service): ServicePortInfo[] {
  const { spec, metadata, status } = service;
  const clusterIp = spec?.clusterIP ?? "";
  if (!spec || clusterIp === "" || clusterIp === "None" || spec.type === "ExternalName") return [];
  if (metadata.labels?.[SERVICE_PROXY_NAME] !== undefined) return [];
  const ingress = spec.type === "LoadBalancer" ? (status?.loadBalancer?.ingress ?? []) : [];
  const shared = {
    clusterIps: (spec.clusterIPs?.length ? spec.clusterIPs : [clusterIp]).filter((ip) => isIPv4(ip)),
    externalIps: (spec.externalIPs ?? []).filter((ip) => isIPv4(ip)),
    loadBalancerIps: ingress
      .filter(({ ip, ipMode }) => ip !== undefined && isIPv4(ip) && ipMode !== "Proxy")
      .map(({ ip }) => ip!),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isIPv4Range),
    affinitySeconds:
      spec.sessionAffinity === "ClientIP"
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
        : undefined,
    internalLocal: spec.internalTrafficPolicy === "Local",
    externalLocal: spec.externalTrafficPolicy === "Local",
  };
  return (spec.ports ?? []).filter(hasKnownProtocol).map((port) => ({
    ...shared,
    id: `${metadata.namespace}/${metadata.name}:${port.name ?? port.port}/${port.protocol ?? "TCP"}`,
    portName: port.name ?? "",
    protocol: (port.protocol ?? "TCP").toLowerCase() as ServicePortInfo["protocol"],
    port: port.port,
    nodePort: spec.type === "ClusterIP" ? 0 : (port.nodePort ?? 0),
  }));
}

function hasKnownProtocol({ protocol }: { protocol?: string }): boolean {
  return ["TCP", "UDP", "SCTP"].includes(protocol ?? "TCP");
}

function isIPv4Range(range: string): boolean {
  const [address, prefix] = range.split("/");
  return isIPv4(address!) && /^\d{1,2}$/.test(prefix ?? "") && Number(prefix) <= 32;
}
