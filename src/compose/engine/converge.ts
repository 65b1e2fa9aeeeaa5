import { invalidArgument } from "../../base/index.ts";
import type { ContainerSummary } from "../docker/index.ts";
import { dependentsOf, type Project, type Service, scaleOf, serviceHash } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { eventName, isNotOneOff, numberOf } from "./containers.ts";
import { createContainer, usualName } from "./create-container.ts";
import { LABEL } from "./labels.ts";
import { resolveReferences } from "./references.ts";
import { refuseProviders } from "./refuse-unsupported.ts";
import { removeContainer, stopProject } from "./stop.ts";
import { all, walkServices } from "./walk-services.ts";

/** Whether containers that are there are made anew: where they have changed, always, or never. */
export type Recreate = "diverged" | "force" | "never";

export interface ConvergeOptions {
  /** What was asked for; for what it needs `recreateDependencies` counts. */
  services: readonly string[];
  recreate: Recreate;
  recreateDependencies: Recreate;
  /** Anonymous volumes go over to the container that comes in another's place. */
  inherit: boolean;
  timeoutSeconds?: number;
  /** Ids of networks and names of volumes, by key. */
  networks: Readonly<Record<string, string>>;
  volumes: Readonly<Record<string, string>>;
}

/** Makes the containers of a project what its model says: missing ones are made, changed ones made anew, surplus ones removed. */
export async function converge(
  context: ComposeContext,
  project: Project,
  observed: readonly ContainerSummary[],
  options: ConvergeOptions,
): Promise<void> {
  const state = new Map<string, ContainerSummary[]>();
  for (const container of observed.filter(isNotOneOff)) {
    const service = container.Labels[LABEL.service] ?? "";
    state.set(service, [...(state.get(service) ?? []), container]);
  }
  const convergence = new Convergence(context, project, state, options);
  await walkServices(project, (name) => convergence.service(name), { parallel: context.parallel });
}

class Convergence {
  readonly #context: ComposeContext;
  readonly #project: Project;
  readonly #state: Map<string, ContainerSummary[]>;
  readonly #options: ConvergeOptions;

  constructor(
    context: ComposeContext,
    project: Project,
    state: Map<string, ContainerSummary[]>,
    options: ConvergeOptions,
  ) {
    this.#context = context;
    this.#project = project;
    this.#state = state;
    this.#options = options;
  }

  async service(name: string): Promise<void> {
    const declared = this.#project.services[name]!;
    refuseProviders(declared);
    const expected = scaleOf(declared);
    if (expected > 1 && declared.container_name) {
      throw invalidArgument(
        `WARNING: The ${JSON.stringify(name)} service is using the custom container name ${JSON.stringify(declared.container_name)}. Docker requires each container to have a unique name. Remove the custom name to scale the service`,
      );
    }
    const service = resolveReferences(declared, (other) => this.#state.get(other) ?? []);
    const containers = this.#inOrder(service, this.#state.get(name) ?? []);
    const next = Math.max(0, ...containers.map(numberOf)) + 1;
    const kept = containers.slice(0, expected).map((container) => this.#keep(service, container));
    const surplus = containers
      .slice(expected)
      .map((container) =>
        removeContainer(this.#context, service, container, { timeoutSeconds: this.#options.timeoutSeconds }),
      );
    const missing = Array.from({ length: Math.max(0, expected - containers.length) }, (_, index) =>
      this.#create(service, next + index),
    );
    const [remaining] = await all<unknown>([all([...kept, ...missing]), all(surplus)]);
    this.#state.set(name, remaining as ContainerSummary[]);
  }

  /** Those that have changed are the first to go, then those with the highest numbers. */
  #inOrder(service: Service, containers: readonly ContainerSummary[]): ContainerSummary[] {
    const rank = (container: ContainerSummary) => (this.#mustRecreate(service, container) ? 1 : 0);
    return [...containers].sort((a, b) => rank(a) - rank(b) || numberOf(a) - numberOf(b));
  }

  async #keep(service: Service, container: ContainerSummary): Promise<ContainerSummary> {
    const { report } = this.#context;
    if (this.#mustRecreate(service, container)) {
      await this.#stopDependents(service);
      return this.#recreate(service, container);
    }
    if (container.State === "running") report.done(eventName(container), "Running");
    else if (!["created", "restarting", "exited"].includes(container.State)) {
      report.working(eventName(container), "Restart");
      await this.#context.client.post(`/containers/${container.Id}/start`);
      report.done(eventName(container), "Restarted");
    }
    return container;
  }

  #mustRecreate(service: Service, container: ContainerSummary): boolean {
    const { services, recreate, recreateDependencies } = this.#options;
    const policy = services.includes(service.name) ? recreate : recreateDependencies;
    if (policy !== "diverged") return policy === "force";
    const { Labels: labels } = container;
    if (labels[LABEL.configHash] !== serviceHash(service)) return true;
    if (labels[LABEL.image] !== service.customLabels[LABEL.image]) return true;
    return this.#hasLostNetwork(service, container) || this.#hasLostVolume(service, container);
  }

  #hasLostNetwork(service: Service, container: ContainerSummary): boolean {
    if (container.State !== "running") return false;
    const ids = Object.values(container.NetworkSettings?.Networks ?? {}).map(({ NetworkID: id }) => id);
    return Object.keys(service.networks ?? {}).some((key) => !ids.includes(this.#options.networks[key]));
  }

  #hasLostVolume(service: Service, container: ContainerSummary): boolean {
    const names = (container.Mounts ?? [])
      .filter(({ Type: type }) => type === "volume")
      .map(({ Name: name }) => name);
    return (service.volumes ?? []).some(
      ({ type, source }) => type === "volume" && source && !names.includes(this.#options.volumes[source]),
    );
  }

  /** Who asked to be started again with this service must not run while it is made anew. */
  async #stopDependents(service: Service): Promise<void> {
    const names = Object.entries(dependentsOf(this.#project, service.name))
      .filter(([, on]) => on.restart)
      .map(([name]) => name);
    if (names.length === 0) return;
    await stopProject(this.#context, this.#project, { services: names });
    for (const name of names) {
      const stopped = (this.#state.get(name) ?? []).map((one) => ({ ...one, State: "exited" }));
      this.#state.set(name, stopped);
    }
  }

  async #create(service: Service, number: number): Promise<ContainerSummary> {
    const name = service.container_name || usualName(this.#context, this.#project.name, service.name, number);
    return this.#reported(`Container ${name}`, "Creating", "Created", () =>
      createContainer(this.#context, this.#project, service, {
        name,
        number,
        labels: { ...service.labels, ...service.customLabels },
      }),
    );
  }

  /** The other one is made beside it, and takes its name when it has gone. */
  async #recreate(service: Service, old: ContainerSummary): Promise<ContainerSummary> {
    const { client } = this.#context;
    const number = numberOf(old);
    const name = service.container_name || usualName(this.#context, this.#project.name, service.name, number);
    const temporary = `${old.Id.slice(0, 12)}_${name}`;
    const replaces = service.container_name || [service.name, number].join(this.#context.separator);
    return this.#reported(eventName(old), "Recreate", "Recreated", async () => {
      const created = await createContainer(this.#context, this.#project, service, {
        name: temporary,
        number,
        labels: { ...service.labels, ...service.customLabels, [LABEL.replaces]: replaces },
        ...(this.#options.inherit ? { inherit: old } : {}),
      });
      await client.post(`/containers/${old.Id}/stop`, { query: { t: this.#options.timeoutSeconds } });
      await client.delete(`/containers/${old.Id}`);
      await client.post(`/containers/${created.Id}/rename`, { query: { name } });
      return { ...created, Names: [`/${name}`] };
    });
  }

  async #reported<T>(event: string, doing: string, done: string, work: () => Promise<T>): Promise<T> {
    const { report } = this.#context;
    report.working(event, doing);
    try {
      const result = await work();
      report.done(event, done);
      return result;
    } catch (error) {
      report.error(event, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
}
