import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Clock,
  conflict,
  errnoCode,
  errorMessage,
  GantryError,
  isGantryError,
  type Logger,
  notFound,
} from "../base/index.ts";
import type { Engine } from "../engine/types.ts";
import type { ImageRecord, ImageService } from "../images/types.ts";
import { type ContainerNote, NOTE_LABEL, parseNote } from "./container-note.ts";
import { containerRequest, resourceLimits } from "./container-request.ts";
import { containerStatus, type StartFailure } from "./container-status.ts";
import { stopEngineContainer } from "./container-stop.ts";
import { containerUsage } from "./container-usage.ts";
import { hasLabels } from "./labels.ts";
import { engineCgroupParent } from "./pod-cgroups.ts";
import { type SandboxRecord, type SandboxStore, sandboxOf } from "./sandbox-store.ts";
import type {
  ContainerEvent,
  CriContainerConfig,
  CriContainerStats,
  CriContainerStatus,
  CriContainerUsage,
  CriMount,
  LinuxContainerResources,
  NamespaceOptions,
} from "./types.ts";

export interface ContainerServiceOptions {
  engine: Engine;
  images: ImageService;
  store: SandboxStore;
  instanceId: string;
  logger: Logger;
  clock: Clock;
}

const EVENT_OF_STATUS: Partial<Record<string, ContainerEvent["type"]>> = {
  created: "CREATED",
  running: "STARTED",
  exited: "STOPPED",
  dead: "STOPPED",
  removed: "DELETED",
};

/** CRI's containers over the engine's. */
export class ContainerService {
  readonly #options: ContainerServiceOptions;
  readonly #notes = new Map<string, ContainerNote>();
  readonly #bySandbox = new Map<string, Set<string>>();
  readonly #startFailures = new Map<string, StartFailure>();
  /** Have been sent their stop signal: a second stop may only shorten the wait. */
  readonly #signalled = new Set<string>();
  readonly #removals = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(event: ContainerEvent) => void>();
  #unsubscribe: () => void = () => {};

  constructor(options: ContainerServiceOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { engine } = this.#options;
    this.#unsubscribe = engine.onContainerChange((change) => {
      const type = EVENT_OF_STATUS[change.status];
      if (change.owner === "cri" && type) this.#tell(change.id, type);
    });
    const found = await engine.listContainers({ all: true, owner: "cri", filters: { label: [NOTE_LABEL] } });
    for (const summary of found) {
      const note = parseNote(summary.Labels[NOTE_LABEL]);
      if (note) this.#remember(summary.Id, note);
    }
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  onEvent(listener: (event: ContainerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async create(sandboxId: string, config: CriContainerConfig): Promise<string> {
    const { engine, images, store, instanceId } = this.#options;
    const sandbox = this.#readySandboxOrThrow(sandboxId);
    const image = await images.get(config.image);
    const note = this.#noteOf(sandboxId, join(sandbox.config.logDirectory, config.logPath), config, image);
    await mkdir(dirname(note.logPath), { recursive: true, mode: 0o755 });
    await makeMissingSources(config.mounts);
    const { id } = await engine.createContainer(
      containerRequest({
        sandbox,
        sandboxDir: store.directory(sandboxId),
        config,
        note,
        pidContainerId: this.#pidContainer(sandboxId, config.linux.securityContext.namespaceOptions),
        cgroupParent: engineCgroupParent(instanceId, sandbox.config),
      }),
    );
    this.#remember(id, note);
    this.#tell(id, "CREATED");
    return id;
  }

  async start(id: string): Promise<void> {
    const { sandboxId } = this.#noteOrThrow(id);
    this.#readySandboxOrThrow(sandboxId);
    try {
      await this.#options.engine.startContainer(id);
    } catch (error) {
      if (isGantryError(error, "NotModified")) return;
      this.#startFailures.set(id, { message: errorMessage(error), atMs: this.#options.clock.nowMs() });
      throw error;
    }
  }

  /** SIGTERM (or the image's or caller's stop signal), then after the timeout SIGKILL; resolves when it has ended. */
  async stop(id: string, timeoutSeconds: number): Promise<void> {
    const note = this.#notes.get(id);
    if (!note) return;
    const alreadySignalled = this.#signalled.has(id);
    this.#signalled.add(id);
    const { engine, clock } = this.#options;
    await stopEngineContainer(engine, clock, id, {
      timeoutSeconds,
      alreadySignalled,
      stopSignal: note.stopSignal,
    });
  }

  /** Whoever asks while it is being removed waits for the same end. */
  remove(id: string): Promise<void> {
    if (!this.#notes.has(id)) return Promise.resolve();
    const running = this.#removals.get(id);
    if (running) return running;
    const removal = this.#remove(id).finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
    return removal;
  }

  async #remove(id: string): Promise<void> {
    await this.stop(id, 0);
    try {
      await this.#options.engine.removeContainer(id, { force: true, removeVolumes: true });
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
    this.#tell(id, "DELETED");
    this.#forget(id);
  }

  async stopAll(sandboxId: string): Promise<void> {
    await Promise.all(this.#idsOf(sandboxId).map((id) => this.stop(id, 0)));
  }

  async removeAll(sandboxId: string): Promise<void> {
    await Promise.all(this.#idsOf(sandboxId).map((id) => this.remove(id)));
  }

  statusOf(id: string): CriContainerStatus | undefined {
    const note = this.#notes.get(id);
    const state = note && this.#options.engine.containerState(id);
    return state && containerStatus(id, note, state, this.#startFailures.get(id));
  }

  list(filter: { sandboxId?: string; labels?: Record<string, string> } = {}): CriContainerStatus[] {
    const ids = filter.sandboxId === undefined ? this.#notes.keys() : this.#idsOf(filter.sandboxId);
    const found: CriContainerStatus[] = [];
    for (const id of ids) {
      if (!hasLabels(this.#notes.get(id)!.labels, filter.labels)) continue;
      const status = this.statusOf(id);
      if (status) found.push(status);
    }
    return found;
  }

  /** The status of a container that must run. */
  runningOrThrow(id: string): CriContainerStatus {
    const status = this.statusOf(id);
    if (!status) throw notFound(`container ${id} not found`, { code: "Cri.ContainerNotFound" });
    if (status.state !== "RUNNING") {
      throw conflict(`container ${id} is not running`, { code: "Cri.ContainerNotRunning" });
    }
    return status;
  }

  async usage(id: string): Promise<CriContainerUsage | undefined> {
    if (this.statusOf(id)?.state !== "RUNNING") return undefined;
    return containerUsage(id, await this.#options.engine.containerStats(id));
  }

  async stats(id: string): Promise<CriContainerStats | undefined> {
    if (this.statusOf(id)?.state !== "RUNNING") return undefined;
    const { engine } = this.#options;
    const [stats, inspect] = await Promise.all([
      engine.containerStats(id),
      engine.inspectContainer(id, { size: true }),
    ]);
    return { ...containerUsage(id, stats), rootfsUsedBytes: inspect.SizeRw ?? 0 };
  }

  async updateResources(id: string, resources: LinuxContainerResources): Promise<void> {
    this.#noteOrThrow(id);
    await this.#options.engine.updateContainer(id, resourceLimits(resources));
  }

  #noteOf(sandboxId: string, logPath: string, config: CriContainerConfig, image: ImageRecord): ContainerNote {
    return {
      sandboxId,
      metadata: config.metadata,
      image: displayName(image, config.userSpecifiedImage),
      imageRef: image.digestReferences[0] ?? image.id,
      imageId: image.id,
      labels: config.labels,
      annotations: config.annotations,
      mounts: config.mounts,
      logPath,
      createdAtMs: this.#options.clock.nowMs(),
      ...(config.stopSignal === undefined ? {} : { stopSignal: config.stopSignal }),
    };
  }

  #pidContainer(sandboxId: string, { pid, targetId }: NamespaceOptions): string | undefined {
    if (pid === "POD") return this.#firstRunning(sandboxId);
    return pid === "TARGET" ? targetId : undefined;
  }

  #firstRunning(sandboxId: string): string | undefined {
    return this.#idsOf(sandboxId).find((id) => this.statusOf(id)?.state === "RUNNING");
  }

  #readySandboxOrThrow(sandboxId: string): SandboxRecord {
    const sandbox = sandboxOf(this.#options.store, sandboxId);
    if (sandbox.state === "ready") return sandbox;
    throw conflict(`pod sandbox ${sandboxId} is not ready`, { code: "Cri.SandboxNotReady" });
  }

  #noteOrThrow(id: string): ContainerNote {
    const note = this.#notes.get(id);
    if (!note)
      throw new GantryError("NotFound", `container ${id} not found`, { code: "Cri.ContainerNotFound" });
    return note;
  }

  /** Oldest first. */
  #idsOf(sandboxId: string): string[] {
    return [...(this.#bySandbox.get(sandboxId) ?? [])];
  }

  #remember(id: string, note: ContainerNote): void {
    this.#notes.set(id, note);
    const ids = this.#bySandbox.get(note.sandboxId) ?? new Set<string>();
    this.#bySandbox.set(note.sandboxId, ids.add(id));
  }

  #forget(id: string): void {
    const note = this.#notes.get(id);
    this.#notes.delete(id);
    this.#startFailures.delete(id);
    this.#signalled.delete(id);
    const ids = note && this.#bySandbox.get(note.sandboxId);
    if (ids?.delete(id) && ids.size === 0) this.#bySandbox.delete(note!.sandboxId);
  }

  #tell(containerId: string, type: ContainerEvent["type"]): void {
    const note = this.#notes.get(containerId);
    if (!note) return;
    const podUid = this.#options.store.get(note.sandboxId)?.config.metadata.uid ?? "";
    const event: ContainerEvent = { type, containerId, podSandboxId: note.sandboxId, podUid };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.logger.error("a listener for container events failed", { error });
      }
    }
  }
}

/** The stored reference that the pod's image means, as containerd shows it; the id's own first name otherwise. */
function displayName(image: ImageRecord, userSpecified: string): string {
  const tail =
    userSpecified.includes(":") || userSpecified.includes("@") ? userSpecified : `${userSpecified}:latest`;
  return (
    image.references.find((reference) => reference === tail || reference.endsWith(`/${tail}`)) ??
    userSpecified
  );
}

/** A path of the host that is not there becomes a directory, as containerd has it: kubelets and their users rely on that. */
async function makeMissingSources(mounts: readonly CriMount[]): Promise<void> {
  for (const { hostPath } of mounts) {
    try {
      await stat(hostPath);
    } catch (error) {
      if (errnoCode(error) !== "ENOENT") throw error;
      await mkdir(hostPath, { recursive: true, mode: 0o755 });
    }
  }
}
