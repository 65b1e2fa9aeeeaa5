import type { Project, Service } from "../model/index.ts";
import { clusterName, serviceLabels } from "./cluster-names.ts";
import type { ClusterObject } from "./cluster-object.ts";

/**
 * Names under which a service is found: its own, its aliases, and those that links give it. Each is a Service without an
 * address of its own, so that the name leads to the pods themselves and all their ports, as on a network of an engine.
 */
export function discoveryObjects(project: Project, service: Service, namespace: string): ClusterObject[] {
  if (service.network_mode) return [];
  const selector = serviceLabels(project, service.name);
  const aliases = Object.values(service.networks ?? {}).flatMap((network) => network?.aliases ?? []);
  const names = new Set([service.name, ...aliases, ...linkedNames(project, service.name)].map(clusterName));
  if (service.container_name) names.add(clusterName(service.container_name));
  return [...names].map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: selector },
    // An engine's name service knows what runs, healthy or not.
    spec: { clusterIP: "None", selector, publishNotReadyAddresses: true, ports: portsOf(service) },
  }));
}

function linkedNames(project: Project, target: string): string[] {
  return Object.values(project.services).flatMap(({ links = [] }) =>
    links
      .map((link) => link.split(":"))
      .filter(([name, alias]) => name === target && alias !== undefined)
      .map(([, alias]) => alias!),
  );
}

function portsOf(service: Service): object[] | undefined {
  const ports = new Map<string, object>();
  for (const { target, protocol = "tcp" } of service.ports ?? []) {
    const name = `${protocol}-${target}`;
    ports.set(name, { name, port: target, protocol: protocol.toUpperCase() });
  }
  for (const text of service.expose ?? []) {
    const [port, protocol = "tcp"] = text.split("/");
    const name = `${protocol}-${port}`;
    if (/^\d+$/.test(port ?? ""))
      ports.set(name, { name, port: Number(port), protocol: protocol.toUpperCase() });
  }
  return ports.size > 0 ? [...ports.values()] : undefined;
}
