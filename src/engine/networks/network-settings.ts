import type { Container } from "../containers/container.ts";
import { type NetworkRecord, newNetworkRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";
import { ownNetworkNamespace } from "../spec/container-namespaces.ts";
import type { ContainerInspect } from "../types.ts";
import { networkModeOf } from "./network-mode.ts";

/** Docker's EndpointSettings of one network. */
export function endpointSettings(
  container: Container,
  record: NetworkRecord,
  isDefaultBridge = false,
): Record<string, unknown> {
  const { settings } = record;
  return {
    IPAMConfig: settings.IPAMConfig ?? null,
    Links: settings.Links ?? null,
    Aliases: settings.Aliases ?? null,
    MacAddress: record.mac || settings.MacAddress || "",
    DriverOpts: settings.DriverOpts ?? null,
    GwPriority: settings.GwPriority ?? 0,
    NetworkID: record.networkId,
    EndpointID: record.endpointId,
    Gateway: record.gateway,
    IPAddress: record.ip,
    IPPrefixLen: record.prefixLength,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    DNSNames: record.ip && !isDefaultBridge ? dnsNames(container, record) : null,
  };
}

function dnsNames({ record: { name } }: Container, { aliases }: NetworkRecord): string[] {
  return [...new Set([name, ...aliases])];
}

export function endpointSettingsOf(container: Container): Record<string, Record<string, unknown>> {
  const mode = networkModeOf(container);
  const entries = Object.entries(container.record.networks);
  if (entries.length === 0 && (mode.kind === "host" || mode.kind === "none") && !container.isCri) {
    return { [mode.kind]: endpointSettings(container, newNetworkRecord({})) };
  }
  return Object.fromEntries(
    entries.map(([name, record]) => [name, endpointSettings(container, record, name === "bridge")]),
  );
}

/** NetworkSettings of `docker inspect`; the address of the default bridge also stands at the top. */
export function networkSettings(
  context: EngineContext,
  container: Container,
): ContainerInspect["NetworkSettings"] {
  const bridge = container.record.networks.bridge;
  return {
    Bridge: "",
    SandboxID: container.hasProcess ? container.id : "",
    SandboxKey: container.hasProcess ? (ownNetworkNamespace(context, container) ?? "") : "",
    Ports: container.record.ports,
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.endpointId ?? "",
    Gateway: bridge?.gateway ?? "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    IPAddress: bridge?.ip ?? "",
    IPPrefixLen: bridge?.prefixLength ?? 0,
    IPv6Gateway: "",
    MacAddress: bridge?.mac || bridge?.settings.MacAddress || "",
    Networks: endpointSettingsOf(container),
  };
}
