import { GantryError, isGantryError } from "../../base/index.ts";
import type { ImageInspect } from "../docker/index.ts";
import { imageOf, type Project } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { filters, isOrphan, listContainers, ofServices } from "./containers.ts";
import { LABEL } from "./labels.ts";
import { removeNetwork } from "./networks.ts";
import { projectOnEngine } from "./project-on-engine.ts";
import { removeContainer } from "./stop.ts";
import { removeVolume } from "./volumes.ts";
import { all, walkServices } from "./walk-services.ts";

export interface DownOptions {
  /** Of the files; what the engine knows of the project where there are none. */
  project?: Project;
  services?: readonly string[];
  removeOrphans?: boolean;
  timeoutSeconds?: number;
  volumes?: boolean;
  images?: "local" | "all";
}

/** Takes a project's containers and networks away, and what else is asked for. */
export async function down(context: ComposeContext, name: string, options: DownOptions): Promise<void> {
  const { client } = context;
  const containers = await listContainers(client, name, {
    oneOff: options.removeOrphans ? "include" : "exclude",
    all: true,
  });
  const project = options.project ?? (await projectOnEngine(context, containers, name));
  const services = checkServices(project, options);
  if (options.services?.length && services.length === 0) return;
  const { timeoutSeconds, volumes } = options;
  await walkServices(
    project,
    async (service) => {
      const own = containers.filter(ofServices([service]));
      await all(
        own.map((one) =>
          removeContainer(context, project.services[service], one, { timeoutSeconds, volumes }),
        ),
      );
    },
    { reverse: true, from: services, parallel: context.parallel },
  );
  const orphans = containers.filter(isOrphan(project));
  if (options.removeOrphans) {
    await all(orphans.map((one) => removeContainer(context, undefined, one, { timeoutSeconds })));
  }
  const rest = [...networksDown(context, project), ...(await imagesDown(context, project, options))];
  if (volumes) rest.push(...volumesDown(context, project));
  if (containers.length === 0 && rest.length === 0) {
    context.warn(`Warning: No resource found to remove for project ${JSON.stringify(name)}.`);
  }
  await all(rest.map((work) => work()));
}

function checkServices(project: Project, options: DownOptions): string[] {
  return (options.services ?? []).filter((service) => {
    if (service in project.services) return true;
    // Without files a name that is wrong cannot be told from one whose containers are gone.
    if (!options.project) return false;
    throw new GantryError("NotFound", `no such service: ${service}: not found`);
  });
}

type Work = () => Promise<void>;

const networksDown = (context: ComposeContext, project: Project): Work[] =>
  Object.entries(project.networks)
    .filter(([, network]) => !network.external)
    .map(
      ([key, network]) =>
        () =>
          removeNetwork(context, project.name, key, network.name ?? ""),
    );

const volumesDown = (context: ComposeContext, project: Project): Work[] =>
  Object.values(project.volumes)
    .filter((volume) => !volume.external)
    .map((volume) => () => removeVolume(context, volume.name ?? ""));

async function imagesDown(context: ComposeContext, project: Project, options: DownOptions): Promise<Work[]> {
  if (options.images === undefined) return [];
  const { client } = context;
  const names = new Set<string>();
  const built = await client.get<{ RepoTags: string[] | null; Labels: Record<string, string> | null }[]>(
    "/images/json",
    { filters: filters({ label: [`${LABEL.project}=${project.name}`], dangling: ["false"] }) },
  );
  for (const { RepoTags: tags, Labels: labels } of built) {
    const isOurs = options.removeOrphans || (labels?.[LABEL.service] ?? "") in project.services;
    if (isOurs && tags?.[0] !== undefined) names.add(tags[0]);
  }
  for (const service of Object.values(project.services)) {
    // What has no name of its own was built here.
    const isWanted = service.image ? options.images === "all" : true;
    const image = imageOf(service, project, context.separator);
    if (isWanted && (await exists(context, image)))
      names.add(image.includes(":") ? image : `${image}:latest`);
  }
  return [...names].sort().map((image) => () => removeImage(context, image));
}

async function exists({ client }: ComposeContext, image: string): Promise<boolean> {
  try {
    await client.get<ImageInspect>(`/images/${image}/json`);
    return true;
  } catch (error) {
    if (isGantryError(error, "NotFound")) return false;
    throw error;
  }
}

async function removeImage(context: ComposeContext, image: string): Promise<void> {
  const { client, report } = context;
  const event = `Image ${image}`;
  report.working(event, "Removing");
  try {
    await client.delete(`/images/${image}`);
    report.done(event, "Removed");
  } catch (error) {
    if (isGantryError(error, "Conflict")) report.warning(event, "Resource is still in use");
    else if (isGantryError(error, "NotFound")) report.done(event, "Warning: No resource found to remove");
    else throw error;
  }
}
