import { GantryError, invalidArgument } from "../../base/index.ts";
import type { ContainerSummary } from "../docker/index.ts";
import { type Dependency, type Project, type Service, scaleOf } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { byName, eventName, filters, ofServices } from "./containers.ts";
import { injectFiles } from "./file-injection.ts";
import { type HookOutput, runHook } from "./hooks.ts";
import { LABEL } from "./labels.ts";
import { StateChanges } from "./state-changes.ts";
import { RUNNING_OR_HEALTHY, waitForDependencies } from "./wait-for.ts";
import { walkServices } from "./walk-services.ts";

export interface StartOptions {
  /** Until all are running or healthy. */
  wait?: boolean;
  waitTimeoutSeconds?: number;
  hookOutput?: HookOutput;
}

/** Starts a project's containers that do not run, each when what it needs is as it wants it. */
export async function startProject(
  context: ComposeContext,
  project: Project,
  options: StartOptions = {},
): Promise<void> {
  const containers = await context.client.get<ContainerSummary[]>("/containers/json", {
    all: 1,
    filters: filters({ label: [`${LABEL.project}=${project.name}`, `${LABEL.oneOff}=False`] }),
  });
  using changes = new StateChanges(context, project.name);
  const { waitTimeoutSeconds: timeout } = options;
  const deadline = timeout ? deadlineOf(context, timeout) : undefined;
  try {
    await walkServices(
      project,
      (name) =>
        startService(
          context,
          project,
          project.services[name]!,
          containers,
          changes,
          options,
          deadline?.signal,
        ),
      { parallel: context.parallel },
    );
    if (options.wait) {
      const everything = Object.fromEntries(
        Object.values(project.services).map((service) => [service.name, waitedFor(project, service)]),
      );
      await waitForDependencies(
        context,
        project,
        project.name,
        everything,
        containers,
        changes,
        deadline?.signal,
      );
    }
  } catch (error) {
    if (!deadline?.signal.aborted) throw error;
    throw new GantryError("DeadlineExceeded", `application not healthy after ${timeout}s`);
  } finally {
    deadline?.cancel();
  }
}

function deadlineOf({ clock }: ComposeContext, seconds: number) {
  const abort = new AbortController();
  return { signal: abort.signal, cancel: clock.after(seconds * 1000, () => abort.abort()) };
}

/** Who is there to end is waited for until it has. */
function waitedFor(project: Project, { name }: Service): Dependency {
  const ends = Object.values(project.services).some(
    ({ depends_on: needs }) => needs?.[name]?.condition === "service_completed_successfully",
  );
  return { condition: ends ? "service_completed_successfully" : RUNNING_OR_HEALTHY, required: true };
}

async function startService(
  context: ComposeContext,
  project: Project,
  service: Service,
  containers: readonly ContainerSummary[],
  changes: StateChanges,
  options: StartOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (service.deploy?.replicas === 0) return;
  const needs = service.depends_on ?? {};
  await waitForDependencies(context, project, service.name, needs, containers, changes, signal);
  const own = containers.filter(ofServices([service.name])).sort(byName);
  if (own.length === 0) {
    if (scaleOf(service) === 0) return;
    throw invalidArgument(`service ${JSON.stringify(service.name)} has no container to start`);
  }
  for (const container of own) {
    if (container.State === "running") continue;
    await startContainer(context, project, service, container, options.hookOutput);
  }
}

async function startContainer(
  context: ComposeContext,
  project: Project,
  service: Service,
  container: ContainerSummary,
  hookOutput: HookOutput | undefined,
): Promise<void> {
  await injectFiles(context, project, service, container.Id);
  const event = eventName(container);
  context.report.working(event, "Starting");
  await context.client.post(`/containers/${container.Id}/start`);
  for (const hook of service.post_start ?? []) await runHook(context, service, container, hook, hookOutput);
  context.report.done(event, "Started");
}
