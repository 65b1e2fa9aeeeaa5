import { isGantryError } from "../../base/index.ts";
import type { ContainerSummary } from "../docker/index.ts";
import type { Project, Service } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { eventName, isNotOneOff, listContainers, ofServices } from "./containers.ts";
import { type HookOutput, runHook } from "./hooks.ts";
import { all, walkServices } from "./walk-services.ts";

export interface StopOptions {
  /** All of the project where none is named. */
  services?: readonly string[];
  timeoutSeconds?: number;
  hookOutput?: HookOutput;
}

/** Stops a project's containers: who needs another service before that. */
export async function stopProject(
  context: ComposeContext,
  project: Project,
  { services = [], timeoutSeconds, hookOutput }: StopOptions,
): Promise<void> {
  const wanted = services.length > 0 ? services : Object.keys(project.services);
  const containers = (
    await listContainers(context.client, project.name, { oneOff: "exclude", all: true })
  ).filter(isNotOneOff);
  await walkServices(
    project,
    async (name) => {
      if (!wanted.includes(name)) return;
      const service = project.services[name];
      await all(
        containers
          .filter(ofServices([name]))
          .map((container) => stopContainer(context, service, container, { timeoutSeconds, hookOutput })),
      );
    },
    { reverse: true, parallel: context.parallel },
  );
}

export async function stopContainer(
  context: ComposeContext,
  service: Service | undefined,
  container: ContainerSummary,
  { timeoutSeconds, hookOutput }: Pick<StopOptions, "timeoutSeconds" | "hookOutput"> = {},
): Promise<void> {
  const { client, report } = context;
  const event = eventName(container);
  report.working(event, "Stopping");
  try {
    for (const hook of service?.pre_stop ?? []) await runHook(context, service!, container, hook, hookOutput);
  } catch (error) {
    // It has stopped, or is gone, already.
    if (isGantryError(error, "NotFound") || isGantryError(error, "Conflict")) return;
    throw error;
  }
  try {
    await client.post(`/containers/${container.Id}/stop`, { query: { t: timeoutSeconds } });
  } catch (error) {
    if (!isGantryError(error, "NotFound")) report.error(event, "Error while Stopping");
    throw error;
  }
  report.done(event, "Stopped");
}

/** Stops a container and takes it away. */
export async function removeContainer(
  context: ComposeContext,
  service: Service | undefined,
  container: ContainerSummary,
  { timeoutSeconds, volumes = false }: { timeoutSeconds?: number; volumes?: boolean } = {},
): Promise<void> {
  const { client, report } = context;
  const event = eventName(container);
  try {
    await stopContainer(context, service, container, { timeoutSeconds });
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
    report.done(event, "Removed");
    return;
  }
  report.working(event, "Removing");
  try {
    await client.delete(`/containers/${container.Id}`, { force: 1, v: volumes ? 1 : undefined });
  } catch (error) {
    // Somebody else is at it, or was.
    if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) {
      report.error(event, "Error while Removing");
      throw error;
    }
  }
  report.done(event, "Removed");
}
