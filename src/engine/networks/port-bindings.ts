import type { PortMapping } from "../../network/types.ts";
import { invalidRequest } from "../errors.ts";
import type { ContainerConfig, HostConfig, PortBinding } from "../types.ts";

export interface WantedPort {
  /** `80/tcp` */
  key: string;
  mapping: PortMapping;
  /** Last port of a range on the host; the first free one is taken. */
  hostPortEnd: number;
}

interface ContainerPort {
  port: number;
  protocol: PortMapping["protocol"];
}

export function parsePortKey(key: string): ContainerPort {
  const match = /^(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(key);
  const port = Number(match?.[1]);
  if (!match || port < 1 || port > 65535)
    throw invalidRequest(`invalid port specification: ${JSON.stringify(key.split("/", 1)[0])}`);
  return { port, protocol: (match[2]?.toLowerCase() ?? "tcp") as PortMapping["protocol"] };
}

/** `80` → `80/tcp` */
export function portKey({ port, protocol }: ContainerPort): string {
  return `${port}/${protocol}`;
}

/** Every port of the host that shall lead to the container. */
export function wantedPorts(config: ContainerConfig, hostConfig: HostConfig): WantedPort[] {
  const wanted: WantedPort[] = [];
  for (const [key, bindings] of Object.entries(hostConfig.PortBindings ?? {})) {
    const container = parsePortKey(key);
    for (const binding of bindings ?? []) wanted.push(wantedPort(container, binding));
  }
  if (hostConfig.PublishAllPorts) {
    for (const key of Object.keys(config.ExposedPorts ?? {})) {
      const container = parsePortKey(key);
      const taken = wanted.some((port) => port.key === portKey(container));
      if (!taken) wanted.push(wantedPort(container, {}));
    }
  }
  return wanted;
}

function wantedPort(container: ContainerPort, binding: PortBinding): WantedPort {
  const match = /^(\d*)(?:-(\d+))?$/.exec(binding.HostPort ?? "");
  const first = Number(match?.[1] || 0);
  const last = Number(match?.[2] ?? first);
  if (!match || last < first || last > 65535) {
    throw invalidRequest(`invalid port specification: ${JSON.stringify(binding.HostPort)}`);
  }
  return {
    key: portKey(container),
    mapping: {
      protocol: container.protocol,
      hostIp: binding.HostIp ?? "",
      hostPort: first,
      containerPort: container.port,
    },
    hostPortEnd: last,
  };
}

/** NetworkSettings.Ports: exposed ports without a binding are null. */
export function portsOf(
  config: ContainerConfig,
  published: readonly PortMapping[],
): Record<string, PortBinding[] | null> {
  const ports: Record<string, PortBinding[] | null> = {};
  for (const key of Object.keys(config.ExposedPorts ?? {})) ports[portKey(parsePortKey(key))] = null;
  for (const mapping of published) {
    const key = portKey({ port: mapping.containerPort, protocol: mapping.protocol });
    const binding = { HostIp: mapping.hostIp || "0.0.0.0", HostPort: String(mapping.hostPort) };
    ports[key] = [...(ports[key] ?? []), binding];
  }
  return ports;
}
