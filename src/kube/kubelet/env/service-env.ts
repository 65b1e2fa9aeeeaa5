import type { Service } from "../../api/index.ts";

/** The variables that tell a container of a service: `WEB_SERVICE_HOST`, `WEB_PORT_80_TCP_ADDR`, … */
export function serviceEnv(services: Iterable<Service>): Map<string, string> {
  const env = new Map<string, string>();
  for (const service of services) {
    const ip = service.spec.clusterIP;
    const ports = service.spec.ports ?? [];
    if (!ip || ip === "None" || ports.length === 0) continue;
    const name = variableName(service.metadata.name);
    env.set(`${name}_SERVICE_HOST`, ip);
    env.set(`${name}_SERVICE_PORT`, String(ports[0]!.port));
    for (const port of ports) {
      if (port.name) env.set(`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
    }
    addLinkVariables(env, name, ip, ports);
  }
  return env;
}

/** What Docker's links once set, which images still read. */
function addLinkVariables(
  env: Map<string, string>,
  name: string,
  ip: string,
  ports: NonNullable<Service["spec"]["ports"]>,
): void {
  const host = ip.includes(":") ? `[${ip}]` : ip;
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    if (index === 0) env.set(`${name}_PORT`, url);
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    env.set(prefix, url);
    env.set(`${prefix}_PROTO`, protocol.toLowerCase());
    env.set(`${prefix}_PORT`, String(port.port));
    env.set(`${prefix}_ADDR`, ip);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
