import { readFileSync } from "node:fs";
import type { ContainerSummary } from "../docker/index.ts";
import { imageOf, type Project, type Service, serviceHash } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { type BodyOptions, containerBody } from "./container-body.ts";
import { containerName, listContainers } from "./containers.ts";
import { laterEndpoints } from "./endpoints.ts";
import { inspectImage } from "./images.ts";
import { LABEL } from "./labels.ts";

export interface CreateContainerOptions {
  name: string;
  /** Its number among those of the service; none of a container for one command. */
  number: number | undefined;
  labels: Readonly<Record<string, string>>;
  autoRemove?: boolean;
  attachInput?: boolean;
  useAliases?: boolean;
  /** The container in whose place it comes, and whose anonymous volumes it takes over. */
  inherit?: ContainerSummary;
}

export const usualName = (context: ComposeContext, project: string, service: string, number: number) =>
  [project, service, number].join(context.separator);

/** Makes a container of a service; it is not started. */
export async function createContainer(
  context: ComposeContext,
  project: Project,
  service: Service,
  options: CreateContainerOptions,
): Promise<ContainerSummary> {
  const { client } = context;
  const labels = withOwnLabels(service, options);
  const ownName =
    service.container_name || usualName(context, project.name, service.name, options.number ?? -1);
  const bodyOptions: BodyOptions = {
    containerName: ownName,
    labels,
    links: await linksOf(context, project, service, options.number),
    autoRemove: options.autoRemove ?? false,
    attachInput: options.attachInput ?? false,
    useAliases: options.useAliases ?? true,
    inherited: options.inherit && {
      container: options.inherit,
      imageVolumes: await imageVolumes(context, project, service, options.inherit),
    },
    separator: context.separator,
    apiVersion: await client.version(),
    readFile: (path) => readFileSync(path, "utf8"),
    warn: context.warn,
  };
  const platform = service.platform || project.environment.get("DOCKER_DEFAULT_PLATFORM") || undefined;
  const { Id: id, Warnings: warnings } = await client.post<{ Id: string; Warnings: string[] | null }>(
    "/containers/create",
    { query: { name: options.name, platform }, body: containerBody(project, service, bodyOptions) },
  );
  for (const text of warnings ?? []) context.report.event({ id: service.name, status: "warning", text });
  for (const [network, endpoint] of laterEndpoints(project, service, bodyOptions)) {
    await client.post(`/networks/${encodeURIComponent(network)}/connect`, {
      body: { Container: id, EndpointConfig: endpoint },
    });
  }
  return {
    Id: id,
    Names: [`/${options.name}`],
    Image: imageOf(service, project, context.separator),
    Command: "",
    Created: Math.floor(context.clock.nowMs() / 1000),
    State: "created",
    Status: "Created",
    Labels: labels,
    Ports: [],
    Mounts: [],
  };
}

function withOwnLabels(service: Service, { labels, number }: CreateContainerOptions): Record<string, string> {
  const dependencies = Object.entries(service.depends_on ?? {}).map(
    ([name, on]) => `${name}:${on?.condition ?? ""}:${on?.restart ?? false}`,
  );
  return {
    ...labels,
    [LABEL.configHash]: serviceHash(service),
    ...(number === undefined ? {} : { [LABEL.number]: String(number) }),
    [LABEL.dependencies]: dependencies.join(","),
  };
}

async function imageVolumes(
  context: ComposeContext,
  project: Project,
  service: Service,
  inherit: ContainerSummary,
): Promise<string[]> {
  if (!inherit.Mounts?.length) return [];
  const image = await inspectImage(context, imageOf(service, project, context.separator));
  return Object.keys(image?.Config?.Volumes ?? {});
}

/** Links to other services' containers, as the first Compose made them. */
async function linksOf(
  context: ComposeContext,
  project: Project,
  service: Service,
  number: number | undefined,
): Promise<string[]> {
  const { client, separator } = context;
  const containersOf = (name: string) =>
    listContainers(client, project.name, { oneOff: "exclude", all: true, services: [name] });
  const links: string[] = [];
  for (const link of service.links ?? []) {
    const [name = "", alias = name] = link.split(":");
    for (const container of await containersOf(name)) {
      const own = containerName(container);
      const index = number ?? -1;
      links.push(
        `${own}:${alias}`,
        `${own}:${[name, index].join(separator)}`,
        `${own}:${[project.name, name, index].join(separator)}`,
      );
    }
  }
  if (service.customLabels[LABEL.oneOff] === "True" && service.labels?.[LABEL.oneOff] === "True") {
    for (const container of await containersOf(service.name)) {
      const own = containerName(container);
      const short = own.startsWith(project.name + separator) ? own.slice(project.name.length + 1) : own;
      links.push(`${own}:${service.name}`, `${own}:${short}`, `${own}:${own}`);
    }
  }
  for (const link of service.external_links ?? []) {
    const [name = "", alias = name] = link.split(":");
    links.push(`${name}:${alias}`);
  }
  return links;
}
