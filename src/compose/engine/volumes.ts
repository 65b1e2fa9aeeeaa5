import { isGantryError, notFound } from "../../base/index.ts";
import type { VolumeSummary } from "../docker/index.ts";
import { COMPOSE_VERSION, type Project, type Volume, volumeHash } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { eventName, listContainers } from "./containers.ts";
import { LABEL } from "./labels.ts";
import { stopProject } from "./stop.ts";
import { all } from "./walk-services.ts";

/** Asks a person something that loses data. */
export type Confirm = (question: string) => Promise<boolean>;

/** Makes the project's volumes that are not there. Returns their names by key. */
export async function ensureVolumes(
  context: ComposeContext,
  project: Project,
  confirm: Confirm,
): Promise<Record<string, string>> {
  const entries = Object.entries(project.volumes);
  // One after the other where a person may be asked.
  const names: string[] = [];
  for (const [key, volume] of entries) names.push(await ensureVolume(context, project, key, volume, confirm));
  return Object.fromEntries(entries.map(([key], index) => [key, names[index]!]));
}

async function ensureVolume(
  context: ComposeContext,
  project: Project,
  key: string,
  volume: Volume,
  confirm: Confirm,
): Promise<string> {
  const name = volume.name ?? "";
  const found = await inspectVolume(context, name);
  if (!found) {
    if (volume.external) throw notFound(`external volume ${JSON.stringify(name)} not found`);
    await createVolume(context, project, key, volume);
    return name;
  }
  if (volume.external) return name;
  warnOfOwner(context, project, name, found);
  const hash = found.Labels?.[LABEL.configHash];
  if (hash !== undefined && hash !== volumeHash(volume)) {
    const question = `Volume ${JSON.stringify(name)} exists but doesn't match configuration in compose file. Recreate (data will be lost)?`;
    if (await confirm(question)) {
      await removeDiverged(context, project, key, name);
      await createVolume(context, project, key, volume);
    }
  }
  return name;
}

function warnOfOwner(context: ComposeContext, project: Project, name: string, found: VolumeSummary): void {
  const owner = found.Labels?.[LABEL.project];
  const hint = "Use `external: true` to use an existing volume";
  if (owner === undefined) {
    context.warn(
      `volume ${JSON.stringify(name)} already exists but was not created by Docker Compose. ${hint}`,
    );
  } else if (owner !== project.name) {
    context.warn(
      `volume ${JSON.stringify(name)} already exists but was created for project ${JSON.stringify(owner)} (expected ${JSON.stringify(project.name)}). ${hint}`,
    );
  }
}

async function inspectVolume({ client }: ComposeContext, name: string): Promise<VolumeSummary | undefined> {
  try {
    return await client.get<VolumeSummary>(`/volumes/${encodeURIComponent(name)}`);
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
}

async function createVolume(
  context: ComposeContext,
  project: Project,
  key: string,
  volume: Volume,
): Promise<void> {
  const { client, report } = context;
  const event = `Volume ${volume.name}`;
  report.working(event, "Creating");
  try {
    await client.post("/volumes/create", {
      body: {
        Name: volume.name,
        Driver: volume.driver,
        DriverOpts: volume.driver_opts,
        Labels: {
          ...volume.labels,
          [LABEL.volume]: key,
          [LABEL.project]: project.name,
          [LABEL.version]: COMPOSE_VERSION,
          [LABEL.configHash]: volumeHash(volume),
        },
      },
    });
  } catch (error) {
    report.error(event, "Error");
    throw error;
  }
  report.done(event, "Created");
}

/** Takes a volume away whose configuration has changed, with the containers that use it. */
async function removeDiverged(
  context: ComposeContext,
  project: Project,
  key: string,
  name: string,
): Promise<void> {
  const { client, report } = context;
  const services = Object.values(project.services)
    .filter(({ volumes = [] }) => volumes.some(({ source }) => source === key))
    .map((service) => service.name);
  await stopProject(context, project, { services });
  const containers = await listContainers(client, project.name, { oneOff: "exclude", all: true, services });
  await all(
    containers.map(async (container) => {
      report.working(eventName(container), "Removing");
      await client.delete(`/containers/${container.Id}`);
      report.done(eventName(container), "Removed");
    }),
  );
  await client.delete(`/volumes/${encodeURIComponent(name)}`, { force: 1 });
}

/** Removes a volume, unless somebody uses it. */
export async function removeVolume(context: ComposeContext, name: string): Promise<void> {
  const { client, report } = context;
  if (!(await inspectVolume(context, name))) return;
  const event = `Volume ${name}`;
  report.working(event, "Removing");
  try {
    await client.delete(`/volumes/${encodeURIComponent(name)}`, { force: 1 });
    report.done(event, "Removed");
  } catch (error) {
    if (isGantryError(error, "Conflict")) report.warning(event, "Resource is still in use");
    else if (isGantryError(error, "NotFound")) report.done(event, "Warning: No resource found to remove");
    else throw error;
  }
}
