import type { FileObject, Model, Network, ServiceFields, Volume } from "../shapes/index.ts";
import type { TreeMap } from "../tree/index.ts";

/** A service of a project. Labels that Compose sets itself stand apart: its hash does not go over them. */
export type Service = ServiceFields & { name: string; customLabels: Record<string, string> };

/** A Compose project: all its files in one model. */
export interface Project {
  name: string;
  workingDir: string;
  services: Record<string, Service>;
  /** Those whose profile is not active, or which were not asked for. */
  disabledServices: Record<string, Service>;
  networks: Record<string, Network>;
  volumes: Record<string, Volume>;
  secrets: Record<string, FileObject>;
  configs: Record<string, FileObject>;
  models: Record<string, Model>;
  /** `x-…` at the top. */
  extensions: TreeMap;
  composeFiles: readonly string[];
  /** What variables are replaced from. */
  environment: ReadonlyMap<string, string>;
  profiles: readonly string[];
}

/** How many containers a service has. */
export function scaleOf(service: ServiceFields): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

export function imageOf(service: Service, project: { name: string }, separator = "-"): string {
  return service.image || `${project.name}${separator}${service.name}`;
}

/** A service's networks: the one of the highest priority first. */
export function networksByPriority(service: ServiceFields): string[] {
  const priority = (name: string) => service.networks?.[name]?.priority ?? 0;
  return Object.keys(service.networks ?? {}).sort(
    (a, b) => priority(b) - priority(a) || (a < b ? -1 : a > b ? 1 : 0),
  );
}
