import { isGantryError } from "../../base/index.ts";
import type { Project } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { killProject } from "./container-verbs.ts";
import { byName, listContainers, shortName } from "./containers.ts";
import type { LogConsumer } from "./log-consumer.ts";
import { attachOutput, readLogs, startedAt } from "./logs.ts";
import { Monitor, type MonitorEvent, statusOf } from "./monitor.ts";
import { startProject } from "./start.ts";
import { stopProject } from "./stop.ts";
import { all } from "./walk-services.ts";

/** What the end of one container means for the others. */
export type OnExit = "ignore" | "stop" | "fail";

export interface AttachOptions {
  consumer: LogConsumer;
  /** Services that are shown. */
  attachTo: readonly string[];
  /** Services that were asked for; all where none is named. */
  services: readonly string[];
  onExit: OnExit;
  exitCodeFrom?: string;
  timeoutSeconds?: number;
  /** Shows what goes on while something is stopped, among the lines of containers. */
  stopping: ComposeContext;
  print(line: string): void;
  inform(line: string): void;
  /** Called back at each signal that asks to end: at the first all is stopped, at the second killed. */
  onSignal(listener: () => void): () => void;
}

/** Starts a project and shows what its containers say until they have ended. Returns the exit code. */
export async function upAttached(
  context: ComposeContext,
  project: Project,
  options: AttachOptions,
): Promise<number> {
  return new AttachedProject(context, project, options).run();
}

class AttachedProject {
  readonly #context: ComposeContext;
  readonly #project: Project;
  readonly #options: AttachOptions;
  readonly #abort = new AbortController();
  readonly #work: Promise<unknown>[] = [];
  readonly #attached = new Map<string, { ended: Promise<void>; close(): void }>();
  #exitCode = 0;
  #hasExit = false;
  #hasExitOfService = false;
  #isStopping = false;
  #isKilling = false;

  constructor(context: ComposeContext, project: Project, options: AttachOptions) {
    this.#context = context;
    this.#project = project;
    this.#options = options;
  }

  async run(): Promise<number> {
    const { services, attachTo } = this.#options;
    const off = this.#options.onSignal(() => this.#onSignal());
    try {
      await this.#attach();
      const monitor = new Monitor(this.#context, {
        project: this.#project.name,
        services: services.length > 0 ? services : attachTo,
        signal: this.#abort.signal,
        listener: (event) => this.#onEvent(event),
      });
      await monitor.open();
      const watching = monitor.run();
      watching.catch(() => {});
      await this.#start();
      await watching;
      await all([...this.#attached.values()].map(({ ended }) => ended));
      await all(this.#work);
      return this.#exitCode;
    } finally {
      off();
      this.#abort.abort();
      for (const { close } of this.#attached.values()) close();
    }
  }

  async #start(): Promise<void> {
    const { consumer } = this.#options;
    try {
      await startProject(this.#context, this.#project, {
        hookOutput: (source, line) => consumer.log(source, line),
      });
    } catch (error) {
      // What is stopped while it starts fails to start.
      if (!this.#isStopping) throw error;
    }
  }

  async #attach(): Promise<void> {
    const { consumer, attachTo, print } = this.#options;
    if (attachTo.length === 0) return;
    const containers = await listContainers(this.#context.client, this.#project.name, {
      oneOff: "exclude",
      all: true,
      services: attachTo,
    });
    if (containers.length === 0) return;
    containers.sort(byName);
    const names = containers.map((container) => shortName(container, this.#context.separator));
    print(`Attaching to ${names.join(", ")}`);
    for (const name of names) consumer.register(name);
    await all(
      containers.map(async (container) => {
        this.#attached.set(container.Id, await attachOutput(this.#context, container, consumer));
      }),
    );
  }

  #onEvent(event: MonitorEvent): void {
    const status = statusOf(event);
    if (status)
      this.#later(
        this.#afterOutput(event).then(() => this.#options.consumer.status(status.source, status.text)),
      );
    if (event.kind === "exited" && !event.restarting) this.#onExit(event);
    if (event.kind === "started" && (!this.#attached.has(event.id) || event.restarting)) this.#follow(event);
  }

  /** What it said last stands before the news of its end. */
  async #afterOutput({ kind, id, restarting }: MonitorEvent): Promise<void> {
    if (kind === "exited" && !restarting) await this.#attached.get(id)?.ended;
  }

  #onExit({ exitCode, service }: MonitorEvent): void {
    const { onExit, exitCodeFrom } = this.#options;
    if (exitCodeFrom === service && !this.#hasExitOfService) {
      this.#hasExitOfService = true;
      this.#exitCode = exitCode;
    }
    if (onExit === "ignore" || this.#hasExit || (onExit === "fail" && exitCode === 0)) return;
    this.#hasExit = true;
    if (exitCodeFrom === undefined) this.#exitCode = exitCode;
    this.#options.inform("Aborting on container exit...");
    this.#stop();
  }

  #follow({ id, service, source }: MonitorEvent): void {
    const { attachTo, consumer } = this.#options;
    if (!attachTo.includes(service)) return;
    this.#later(
      startedAt(this.#context, id).then((since) =>
        readLogs(this.#context, id, source, consumer, { follow: 1, since }, this.#abort.signal),
      ),
    );
  }

  #onSignal(): void {
    if (!this.#isStopping) {
      this.#options.print("Gracefully Stopping... press Ctrl+C again to force");
      this.#stop();
    } else if (!this.#isKilling) {
      this.#isKilling = true;
      this.#later(
        killProject(this.#options.stopping, this.#project, {
          services: this.#options.services,
          signal: "SIGKILL",
        }).catch((error: unknown) => {
          if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
        }),
      );
    }
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const { services, timeoutSeconds, consumer, stopping } = this.#options;
    this.#later(
      stopProject(stopping, this.#project, {
        services,
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        hookOutput: (source, line) => consumer.log(source, line),
      }),
    );
  }

  /** It is waited for at the end, where its failure is told. */
  #later(work: Promise<unknown>): void {
    work.catch(() => {});
    this.#work.push(work);
  }
}
