import { notFound } from "../../base/index.ts";
import type { ContainerSummary, DockerClient } from "../docker/index.ts";
import type { Project } from "../model/index.ts";
import { LABEL } from "./labels.ts";

export type OneOff = "include" | "exclude" | "only";

export interface ContainerQuery {
  oneOff: OneOff;
  /** Also those that do not run. */
  all: boolean;
  services?: readonly string[];
  number?: number;
}

/** The containers of a project, as it stands on the engine. */
export async function listContainers(
  client: DockerClient,
  project: string,
  { oneOff, all, services = [], number }: ContainerQuery,
): Promise<ContainerSummary[]> {
  const labels = [`${LABEL.project}=${project}`];
  if (services.length === 1) labels.push(`${LABEL.service}=${services[0]}`);
  labels.push(LABEL.configHash);
  if (oneOff !== "include") labels.push(`${LABEL.oneOff}=${oneOff === "only" ? "True" : "False"}`);
  if (number !== undefined && number > 0) labels.push(`${LABEL.number}=${number}`);
  const containers = await client.get<ContainerSummary[]>("/containers/json", {
    all: all ? 1 : undefined,
    filters: filters({ label: labels }),
  });
  return services.length > 1 ? containers.filter(ofServices(services)) : containers;
}

export const filters = (by: Readonly<Record<string, readonly string[]>>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(by).map(([key, values]) => [
        key,
        Object.fromEntries(values.map((value) => [value, true])),
      ]),
    ),
  );

export const ofServices = (services: readonly string[]) => (container: ContainerSummary) =>
  services.includes(container.Labels[LABEL.service] ?? "");

export const isNotOneOff = (container: ContainerSummary) =>
  (container.Labels[LABEL.oneOff] ?? "False") === "False";

/** Containers that the project's files say nothing of. */
export function isOrphan(project: Project): (container: ContainerSummary) => boolean {
  return ({ Labels: labels, State: state }) => {
    if (labels[LABEL.oneOff] === "True") return state === "exited" || state === "dead";
    const service = labels[LABEL.service] ?? "";
    return !(service in project.services) && !(service in project.disabledServices);
  };
}

/** The container's own name; links have given it others. */
export function containerName(container: ContainerSummary): string {
  const own = container.Names.find((name) => name.lastIndexOf("/") === 0) ?? container.Names[0];
  return own?.replace(/^\//, "") ?? container.Id.slice(0, 12);
}

export const eventName = (container: ContainerSummary) => `Container ${containerName(container)}`;

export const byName = (a: ContainerSummary, b: ContainerSummary) =>
  containerName(a) < containerName(b) ? -1 : 1;

/** `web-1` of `shop-web-1`: the name as logs have it. A name of the service's own stays whole. */
export function shortName(container: ContainerSummary, separator = "-"): string {
  const { Labels: labels } = container;
  return shorten(containerName(container), labels, separator);
}

export function shorten(name: string, labels: Readonly<Record<string, string>>, separator: string): string {
  const project = labels[LABEL.project] ?? "";
  const usual = [project, labels[LABEL.service], labels[LABEL.number]].join(separator);
  return name === usual ? name.slice(project.length + 1) : name;
}

export const numberOf = (container: ContainerSummary): number =>
  Number.parseInt(container.Labels[LABEL.number] ?? "", 10) || 0;

/** The container of a service with a number, or its first. */
export async function findContainer(
  client: DockerClient,
  project: string,
  service: string,
  index: number,
  query: { oneOff: OneOff; all: boolean },
): Promise<ContainerSummary> {
  const containers = await listContainers(client, project, { ...query, services: [service], number: index });
  if (containers.length === 0) {
    const which = index > 0 ? ` container #${index}` : "";
    throw notFound(`service ${JSON.stringify(service)} is not running${which}`);
  }
  const rank = (container: ContainerSummary) =>
    container.Labels[LABEL.oneOff] === "True" ? Number.MAX_SAFE_INTEGER : numberOf(container);
  return containers.sort((a, b) => rank(a) - rank(b))[0]!;
}
