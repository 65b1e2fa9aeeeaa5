import { invalidArgument } from "../../base/index.ts";
import type { ContainerSummary } from "../docker/index.ts";
import type { Service } from "../model/index.ts";
import { byName } from "./containers.ts";

const NAMESPACES = [
  ["network_mode", "network"],
  ["ipc", "IPC"],
  ["pid", "PID"],
] as const;

/** A service with references to other services (`network_mode: service:db`) made those to their containers. */
export function resolveReferences(
  service: Service,
  containersOf: (name: string) => readonly ContainerSummary[],
): Service {
  const resolved: Service = { ...service };
  const first = (name: string, what: string) => {
    const [container] = [...containersOf(name)].sort(byName);
    if (container) return container.Id;
    throw invalidArgument(`cannot share ${what} with service ${name}: container missing`);
  };
  resolved.volumes_from = service.volumes_from?.map((source) => {
    const [name = "", second = ""] = source.split(":");
    return name === "container" ? second : first(name, "volume");
  });
  if (resolved.volumes_from === undefined) delete resolved.volumes_from;
  for (const [field, what] of NAMESPACES) {
    const value = service[field];
    if (!value?.startsWith("service:")) continue;
    resolved[field] = `container:${first(value.slice("service:".length), `${what} namespace`)}`;
  }
  return resolved;
}
