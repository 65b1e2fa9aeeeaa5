import { checkContainerNames, type Project } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { byName, containerName, isOrphan, listContainers } from "./containers.ts";
import { converge, type Recreate } from "./converge.ts";
import { type EnsureImagesOptions, ensureImages } from "./images.ts";
import { ensureNetworks } from "./networks.ts";
import { refuseUnsupported } from "./refuse-unsupported.ts";
import { removeContainer } from "./stop.ts";
import { type Confirm, ensureVolumes } from "./volumes.ts";
import { all } from "./walk-services.ts";

export interface CreateOptions extends EnsureImagesOptions {
  /** What was asked for; all where nothing is named. */
  services: readonly string[];
  recreate: Recreate;
  recreateDependencies: Recreate;
  inherit: boolean;
  timeoutSeconds?: number;
  removeOrphans: boolean;
  ignoreOrphans: boolean;
  confirm: Confirm;
}

/** Makes all that a project needs, up to its containers; nothing is started. */
export async function createProject(
  context: ComposeContext,
  project: Project,
  options: CreateOptions,
): Promise<void> {
  checkContainerNames(project);
  refuseUnsupported(project);
  await ensureImages(context, project, options);
  const [networks, volumes, observed] = await all<unknown>([
    ensureNetworks(context, project),
    ensureVolumes(context, project, options.confirm),
    listContainers(context.client, project.name, { oneOff: "include", all: true }),
  ]);
  // Networks and volumes that had changed have taken containers with them.
  const containers = await current(context, project, observed as Awaited<ReturnType<typeof listContainers>>);
  const orphans = containers.filter(isOrphan(project)).sort(byName);
  if (orphans.length > 0 && !options.ignoreOrphans) {
    if (options.removeOrphans) await all(orphans.map((one) => removeContainer(context, undefined, one)));
    else {
      context.warn(
        `Found orphan containers ([${orphans.map(containerName).join(" ")}]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.`,
      );
    }
  }
  await converge(context, project, containers, {
    services: options.services.length > 0 ? options.services : Object.keys(project.services),
    recreate: options.recreate,
    recreateDependencies: options.recreateDependencies,
    inherit: options.inherit,
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    networks: networks as Record<string, string>,
    volumes: volumes as Record<string, string>,
  });
}

async function current(
  context: ComposeContext,
  project: Project,
  observed: Awaited<ReturnType<typeof listContainers>>,
) {
  if (observed.length === 0) return observed;
  return listContainers(context.client, project.name, { oneOff: "include", all: true });
}
