import type { Readable } from "node:stream";
import { isGantryError } from "../../base/index.ts";
import {
  type ContainerInspect,
  type ContainerSummary,
  type EngineEvent,
  jsonLines,
} from "../docker/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { filters, shorten } from "./containers.ts";
import { LABEL } from "./labels.ts";

export interface MonitorEvent {
  kind: "created" | "recreated" | "started" | "exited" | "restarted";
  id: string;
  service: string;
  /** As logs call it. */
  source: string;
  exitCode: number;
  /** It starts again, or has. */
  restarting: boolean;
  labels: Readonly<Record<string, string>>;
}

export interface MonitorOptions {
  project: string;
  /** All where none is named. */
  services: readonly string[];
  signal: AbortSignal;
  listener(event: MonitorEvent): void;
}

/** Follows what becomes of a project's containers, until the last has ended. */
export class Monitor {
  readonly #context: ComposeContext;
  readonly #options: MonitorOptions;
  readonly #containers = new Set<string>();
  readonly #restarting = new Set<string>();
  #stream: Readable | undefined;

  constructor(context: ComposeContext, options: MonitorOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** From then on nothing goes by unseen. */
  async open(): Promise<void> {
    const { client } = this.#context;
    const { project, signal } = this.#options;
    this.#stream = await client.stream("GET", "/events", {
      query: { filters: filters({ type: ["container"], label: [`${LABEL.project}=${project}`] }) },
      signal,
    });
    const containers = await client.get<ContainerSummary[]>("/containers/json", {
      all: 1,
      filters: filters({ label: [`${LABEL.project}=${project}`, `${LABEL.oneOff}=False`, LABEL.configHash] }),
    });
    for (const container of containers) {
      if (this.#isOurs(container.Labels)) this.#containers.add(container.Id);
    }
  }

  async run(): Promise<void> {
    if (!this.#stream) await this.open();
    if (this.#containers.size === 0) return;
    try {
      for await (const event of jsonLines<EngineEvent>(this.#stream!)) {
        if (this.#isOurs(event.Actor.Attributes)) await this.#handle(event);
        if (this.#containers.size === 0) break;
      }
    } catch (error) {
      if (!this.#options.signal.aborted) throw error;
    } finally {
      this.#stream?.destroy();
    }
  }

  /** Those that have ended meanwhile, and told so before anybody listened. */
  forget(id: string): void {
    this.#containers.delete(id);
  }

  #isOurs(labels: Readonly<Record<string, string>>): boolean {
    if (labels[LABEL.oneOff] === "True") return false;
    const { services } = this.#options;
    return services.length === 0 || services.includes(labels[LABEL.service] ?? "");
  }

  async #handle({ Action: action, Actor: actor }: EngineEvent): Promise<void> {
    const { ID: id } = actor;
    if (action === "create") {
      this.#containers.add(id);
      this.#tell(actor, LABEL.replaces in actor.Attributes ? "recreated" : "created");
    } else if (action === "start") {
      this.#containers.add(id);
      this.#tell(actor, "started", this.#restarting.delete(id));
    } else if (action === "restart") this.#tell(actor, "restarted");
    else if (action === "die") {
      const goesOn = await this.#startsAgain(id);
      if (goesOn) this.#restarting.add(id);
      else this.#containers.delete(id);
      this.#tell(actor, "exited", goesOn);
    }
  }

  async #startsAgain(id: string): Promise<boolean> {
    try {
      const { State: state } = await this.#context.client.get<ContainerInspect>(`/containers/${id}/json`);
      return state.Restarting || state.Running;
    } catch (error) {
      if (isGantryError(error, "NotFound")) return false;
      throw error;
    }
  }

  #tell(
    { ID: id, Attributes: labels }: EngineEvent["Actor"],
    kind: MonitorEvent["kind"],
    restarting = false,
  ): void {
    this.#options.listener({
      kind,
      id,
      service: labels[LABEL.service] ?? "",
      source: shorten(labels.name ?? id.slice(0, 12), labels, this.#context.separator),
      exitCode: Number(labels.exitCode ?? 0),
      restarting,
      labels,
    });
  }
}

/** Tells a consumer of logs what becomes of containers. */
export function statusOf(event: MonitorEvent): { source: string; text: string } | undefined {
  if (event.kind === "exited") {
    const text = `exited with code ${event.exitCode}${event.restarting ? " (restarting)" : ""}`;
    return { source: event.source, text };
  }
  if (event.kind === "recreated") {
    return { source: event.labels[LABEL.replaces] ?? event.source, text: "has been recreated" };
  }
  return undefined;
}
