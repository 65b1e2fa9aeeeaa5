import { GantryError, invalidArgument } from "../../base/index.ts";
import type { ContainerInspect, ContainerSummary } from "../docker/index.ts";
import { type Dependency, type Project, scaleOf } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { eventName, isNotOneOff, ofServices } from "./containers.ts";
import type { StateChanges } from "./state-changes.ts";
import { all } from "./walk-services.ts";

/** Running, and healthy where that is known. */
export const RUNNING_OR_HEALTHY = "running_or_healthy";

/** Waits until the services that another needs are as it wants them. */
export async function waitForDependencies(
  context: ComposeContext,
  project: Project,
  dependent: string,
  dependencies: Readonly<Record<string, Dependency | undefined>>,
  containers: readonly ContainerSummary[],
  changes: StateChanges,
  signal?: AbortSignal,
): Promise<void> {
  await all(
    Object.entries(dependencies).map(async ([name, dependency = {}]) => {
      if (!mustWait(project, name, dependency)) return;
      const own = containers.filter(ofServices([name])).filter(isNotOneOff);
      for (const container of own) context.report.working(eventName(container), "Waiting");
      if (own.length === 0) {
        const message = `${dependent} is missing dependency ${name}`;
        if (dependency.required) throw invalidArgument(message);
        context.warn(message);
        return;
      }
      await new Waiting(context, name, dependency, own).run(changes, signal);
    }),
  );
}

function mustWait(project: Project, name: string, { condition }: Dependency): boolean {
  // The order of the walk sees to that.
  if (condition === "service_started") return false;
  const service = project.services[name];
  return service !== undefined && scaleOf(service) > 0 && !service.provider;
}

class Waiting {
  readonly #context: ComposeContext;
  readonly #name: string;
  readonly #dependency: Dependency;
  readonly #containers: readonly ContainerSummary[];

  constructor(
    context: ComposeContext,
    name: string,
    dependency: Dependency,
    containers: readonly ContainerSummary[],
  ) {
    this.#context = context;
    this.#name = name;
    this.#dependency = dependency;
    this.#containers = containers;
  }

  async run(changes: StateChanges, signal: AbortSignal | undefined): Promise<void> {
    const { condition } = this.#dependency;
    if (
      condition !== RUNNING_OR_HEALTHY &&
      condition !== "service_healthy" &&
      condition !== "service_completed_successfully"
    ) {
      this.#context.warn(`unsupported depends_on condition: ${condition}`);
      return;
    }
    for (;;) {
      const done =
        condition === "service_completed_successfully"
          ? await this.#completed()
          : await this.#healthy(condition);
      if (done) return;
      await changes.next(signal);
    }
  }

  async #healthy(condition: string): Promise<boolean> {
    const fallback = condition === RUNNING_OR_HEALTHY;
    try {
      for (const container of this.#containers) {
        if (!isHealthy(await this.#inspect(container), fallback)) return false;
      }
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      const what = fallback ? "is not running or is unhealthy" : "failed to start";
      if (!this.#dependency.required)
        return this.#skip(`${JSON.stringify(this.#name)} ${what}`, error.message);
      if (fallback) throw error;
      for (const container of this.#containers) this.#context.report.error(eventName(container), "Error");
      throw new GantryError(error.kind, `dependency failed to start: ${error.message}`, { cause: error });
    }
    for (const container of this.#containers) this.#context.report.done(eventName(container), "Healthy");
    return true;
  }

  async #completed(): Promise<boolean> {
    const states = await all(this.#containers.map((container) => this.#inspect(container)));
    const ended = states.find(({ State: state }) => state.Status === "exited");
    if (!ended) return false;
    const { ExitCode: code } = ended.State;
    if (code === 0) {
      for (const container of this.#containers) this.#context.report.done(eventName(container), "Exited");
      return true;
    }
    const message = `${JSON.stringify(this.#name)} didn't complete successfully: exit ${code}`;
    if (!this.#dependency.required) return this.#skip(message);
    for (const container of this.#containers)
      this.#context.report.error(eventName(container), `service ${message}`);
    throw new GantryError("Conflict", `service ${message}`, { code: "Compose.Dependency" });
  }

  #skip(what: string, why?: string): boolean {
    for (const container of this.#containers) {
      this.#context.report.warning(eventName(container), `Skipped: optional dependency ${what}`);
    }
    this.#context.warn(`optional dependency ${what}${why === undefined ? "" : `: ${why}`}`);
    return true;
  }

  #inspect(container: ContainerSummary): Promise<ContainerInspect> {
    return this.#context.client.get<ContainerInspect>(`/containers/${container.Id}/json`);
  }
}

function isHealthy(
  { Name: name, State: state, Config: config }: ContainerInspect,
  fallback: boolean,
): boolean {
  const own = name.replace(/^\//, "");
  const fail = (why: string) =>
    new GantryError("Conflict", `container ${own} ${why}`, { code: "Compose.Dependency" });
  if (state.Status === "exited") throw fail(`exited (${state.ExitCode})`);
  if (!config.Healthcheck?.Test?.length && fallback) return state.Status === "running";
  if (!state.Health) {
    // An engine before it has looked for the first time, and a container without a check, say the same.
    if (state.Status === "created") return false;
    throw fail("has no healthcheck configured");
  }
  if (state.Health.Status === "healthy") return true;
  if (state.Health.Status === "starting") return false;
  if (state.Health.Status === "unhealthy") throw fail("is unhealthy");
  throw fail(`had unexpected health status ${JSON.stringify(state.Health.Status)}`);
}
