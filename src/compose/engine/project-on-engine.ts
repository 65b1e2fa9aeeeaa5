import { notFound } from "../../base/index.ts";
import type { ContainerSummary, NetworkSummary, VolumeSummary } from "../docker/index.ts";
import { type Dependency, type Project, type Service, withSelectedServices } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { containerName, filters, isNotOneOff } from "./containers.ts";
import { LABEL } from "./labels.ts";

/** A project as its containers' labels tell it, for commands that have no files. */
export function projectOfContainers(
  containers: readonly ContainerSummary[],
  name: string,
  services: readonly string[] = [],
): Project {
  const project = emptyProject(name);
  for (const container of containers.filter(isNotOneOff)) {
    const service = container.Labels[LABEL.service] ?? containerName(container);
    const known = project.services[service];
    project.services[service] = known
      ? { ...known, scale: (known.scale ?? 0) + 1 }
      : {
          name: service,
          image: container.Image,
          labels: container.Labels,
          customLabels: {},
          scale: 1,
          depends_on: dependenciesOf(container.Labels[LABEL.dependencies] ?? ""),
        };
  }
  const missing = services.find((service) => !(service in project.services));
  if (missing !== undefined) throw notFound(`no such service: ${JSON.stringify(missing)}: not found`);
  return withSelectedServices(withKnownDependencies(project), services);
}

export function emptyProject(name: string): Project {
  return {
    name,
    workingDir: "",
    services: Object.create(null) as Record<string, Service>,
    disabledServices: {},
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
    models: {},
    extensions: {},
    composeFiles: [],
    environment: new Map(),
    profiles: [],
  };
}

/** What is not there any more is not waited for. */
function withKnownDependencies(project: Project): Project {
  for (const service of Object.values(project.services)) {
    const kept = Object.entries(service.depends_on ?? {}).filter(([name]) => name in project.services);
    service.depends_on = Object.fromEntries(kept);
  }
  return project;
}

/** `db:service_healthy:true,cache:service_started:false`. */
function dependenciesOf(label: string): Record<string, Dependency> {
  return Object.fromEntries(
    label
      .split(",")
      .filter(Boolean)
      .map((one) => {
        const [name = "", condition = "running_or_healthy", restart = "true"] = one.split(":");
        return [name, { condition, restart: restart === "true", required: false }];
      }),
  );
}

/** The same with the networks and volumes that are the project's. */
export async function projectOnEngine(
  context: ComposeContext,
  containers: readonly ContainerSummary[],
  name: string,
): Promise<Project> {
  const project = projectOfContainers(containers, name);
  const mine = { filters: filters({ label: [`${LABEL.project}=${name}`] }) };
  const [networks, { Volumes: volumes }] = await Promise.all([
    context.client.get<NetworkSummary[]>("/networks", mine),
    context.client.get<{ Volumes: VolumeSummary[] | null }>("/volumes", mine),
  ]);
  for (const network of networks) {
    project.networks[network.Labels?.[LABEL.network] ?? network.Name] = {
      name: network.Name,
      driver: network.Driver,
    };
  }
  for (const volume of volumes ?? []) {
    project.volumes[volume.Labels?.[LABEL.volume] ?? volume.Name] = {
      name: volume.Name,
      driver: volume.Driver,
    };
  }
  return project;
}
