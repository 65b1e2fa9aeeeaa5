import { GantryError, isGantryError } from "../../base/index.ts";
import type { ContainerInspect, ContainerSummary } from "../docker/index.ts";
import { type Project, withoutDependencies, withSelectedServices } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { eventName, listContainers, ofServices } from "./containers.ts";
import { runHook } from "./hooks.ts";
import { StateChanges } from "./state-changes.ts";
import { waitForDependencies } from "./wait-for.ts";
import { all, walkServices } from "./walk-services.ts";

interface Selection {
  services: readonly string[];
}

/** Sends a signal to a project's running containers. False where there are none. */
export async function killProject(
  context: ComposeContext,
  project: Project,
  { services, signal, removeOrphans = false }: Selection & { signal: string; removeOrphans?: boolean },
): Promise<boolean> {
  const { client, report } = context;
  const found = await listContainers(client, project.name, { oneOff: "include", all: false, services });
  const containers = removeOrphans ? found : found.filter(ofServices(Object.keys(project.services)));
  await all(
    containers.map(async (container) => {
      report.working(eventName(container), "Killing");
      try {
        await client.post(`/containers/${container.Id}/kill`, { query: { signal } });
      } catch (error) {
        report.error(eventName(container), "Error while Killing");
        throw error;
      }
      report.done(eventName(container), "Killed");
    }),
  );
  return containers.length > 0;
}

/** Holds a project's containers, or lets them go on. */
export async function pauseProject(
  context: ComposeContext,
  project: string,
  { services, paused }: Selection & { paused: boolean },
): Promise<void> {
  const { client, report } = context;
  const containers = await listContainers(client, project, { oneOff: "exclude", all: false, services });
  await all(
    containers.map(async (container) => {
      await client.post(`/containers/${container.Id}/${paused ? "pause" : "unpause"}`);
      report.done(eventName(container), paused ? "Paused" : "Unpaused");
    }),
  );
}

/** Restarts services, and those that asked to be restarted with them. */
export async function restartProject(
  context: ComposeContext,
  project: Project,
  { services, noDeps, timeoutSeconds }: Selection & { noDeps: boolean; timeoutSeconds?: number },
): Promise<void> {
  const { client, report } = context;
  const containers = await listContainers(client, project.name, { oneOff: "exclude", all: true });
  let chosen = noDeps ? withSelectedServices(project, services, "nothing") : project;
  // Only who asked for it is concerned by another's restart.
  chosen = {
    ...chosen,
    services: Object.fromEntries(
      Object.entries(chosen.services).map(([name, service]) => [
        name,
        withoutDependencies(service, (_, on) => !on.restart),
      ]),
    ),
  };
  if (services.length > 0) chosen = withSelectedServices(chosen, services, noDeps ? "nothing" : "dependents");
  using changes = new StateChanges(context, project.name);
  await walkServices(
    chosen,
    async (name) => {
      const service = chosen.services[name]!;
      await waitForDependencies(context, chosen, name, service.depends_on ?? {}, containers, changes);
      await all(
        containers.filter(ofServices([name])).map(async (container) => {
          for (const hook of service.pre_stop ?? [])
            await runHook(context, service, container, hook, undefined);
          report.working(eventName(container), "Restarting");
          await client.post(`/containers/${container.Id}/restart`, { query: { t: timeoutSeconds } });
          for (const hook of service.post_start ?? [])
            await runHook(context, service, container, hook, undefined);
          report.done(eventName(container), "Started");
        }),
      );
    },
    { parallel: context.parallel },
  );
}

/** Those of a project's containers that do not run. */
export async function stoppedContainers(
  { client }: ComposeContext,
  project: string,
  { services, known }: Selection & { known?: readonly string[] },
): Promise<ContainerSummary[]> {
  let containers = await listContainers(client, project, { oneOff: "exclude", all: true, services });
  if (known) containers = containers.filter(ofServices(known));
  const states = await all(
    containers.map(async (container) => {
      try {
        const { State: state } = await client.get<ContainerInspect>(`/containers/${container.Id}/json`);
        return state.Running;
      } catch (error) {
        // It took itself away.
        if (isGantryError(error, "NotFound")) return true;
        throw error;
      }
    }),
  );
  return containers.filter((_, index) => !states[index]);
}

export async function removeContainers(
  { client, report }: ComposeContext,
  containers: readonly ContainerSummary[],
  { volumes, force }: { volumes: boolean; force: boolean },
): Promise<void> {
  await all(
    containers.map(async (container) => {
      report.working(eventName(container), "Removing");
      await client.delete(`/containers/${container.Id}`, {
        v: volumes ? 1 : undefined,
        force: force ? 1 : undefined,
      });
      report.done(eventName(container), "Removed");
    }),
  );
}

/** Waits until containers have ended; the code of the last that did. */
export async function waitForExit(
  { client }: ComposeContext,
  project: string,
  { services, onExit }: Selection & { onExit(id: string, code: number): void },
): Promise<number> {
  const containers = await listContainers(client, project, { oneOff: "include", all: false, services });
  if (containers.length === 0)
    throw new GantryError("NotFound", `no containers for project ${JSON.stringify(project)}`);
  let last = 0;
  await all(
    containers.map(async ({ Id: id }) => {
      const { StatusCode: code } = await client.post<{ StatusCode: number }>(`/containers/${id}/wait`);
      onExit(id, code);
      last = code;
    }),
  );
  return last;
}
