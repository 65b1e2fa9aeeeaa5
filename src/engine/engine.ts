import { mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type Clock, errorMessage, type Logger, systemClock } from "../base/index.ts";
import type { ImageRuntimeConfig } from "../formats/oci-types.ts";
import type { ImageService } from "../images/types.ts";
import { removeCgroup } from "../kernel/index.ts";
import type { NetworkService } from "../network/types.ts";
import { type ContainerRuntime, readHeldLimits } from "../runtime/index.ts";
import { attachContainer } from "./containers/attach-container.ts";
import { commitContainer } from "./containers/commit-container.ts";
import { containerStats } from "./containers/container-stats.ts";
import { ContainerStore } from "./containers/container-store.ts";
import { containerTop } from "./containers/container-top.ts";
import { createContainer } from "./containers/create-container.ts";
import { hasEnded } from "./containers/ended-process.ts";
import { onRuntimeExit } from "./containers/exit-handler.ts";
import { inspectContainer } from "./containers/inspect-container.ts";
import { listContainers } from "./containers/list-containers.ts";
import { pauseContainer, unpauseContainer } from "./containers/pause-container.ts";
import { pruneContainers } from "./containers/prune-containers.ts";
import { type RemoveOptions, removeContainer } from "./containers/remove-container.ts";
import { renameContainer } from "./containers/rename-container.ts";
import { restartContainer } from "./containers/restart-container.ts";
import { startContainer } from "./containers/start-container.ts";
import { killContainer, type StopOptions, stop, stopContainer } from "./containers/stop-container.ts";
import { updateContainer } from "./containers/update-container.ts";
import { waitContainer } from "./containers/wait-container.ts";
import type { ContainerChange, EngineContext } from "./context.ts";
import { notRunning } from "./errors.ts";
import { emitContainerEvent } from "./events/container-events.ts";
import { EventLog } from "./events/event-log.ts";
import { forwardEvents } from "./events/forward-events.ts";
import { createExec, inspectExec, resizeExec, type StartExecOptions, startExec } from "./exec/exec.ts";
import { ExecStore } from "./exec/exec-store.ts";
import { exportContainer, readArchive, type WriteArchiveOptions, writeArchive } from "./files/archive.ts";
import { containerChanges } from "./files/container-changes.ts";
import { statPath } from "./files/path-stat.ts";
import { containerLogs } from "./logs/container-logs.ts";
import { leaveForwarding } from "./logs/forward-logs.ts";
import { connectNetwork, disconnectNetwork } from "./networks/connect-network.ts";
import { removeLink } from "./networks/links.ts";
import { adoptContainers, discardCutOff, restartStopped } from "./reconcile.ts";
import { InitLayers } from "./spec/init-layer.ts";
import type {
  AttachOptions,
  AttachStreams,
  CommitOptions,
  ContainerState,
  CreateContainerRequest,
  EndpointSettings,
  Engine,
  EngineEvent,
  ExecConfig,
  Filters,
  HostConfig,
  ListContainersOptions,
  LogOptions,
  WaitCondition,
} from "./types.ts";
import { unstageAll } from "./volumes/staged-mounts.ts";
import { VolumeMounts } from "./volumes/volume-mounts.ts";
import { VolumeStore } from "./volumes/volume-store.ts";
import { createVolume, inspectVolume, listVolumes, pruneVolumes, removeVolume } from "./volumes/volumes.ts";

export interface EngineOptions {
  /** `<home>/containers` */
  stateDir: string;
  /** `<home>/volumes` */
  volumesDir: string;
  /** `<home>/run`, where namespaces are pinned (below `ns/`). The home must be a shared mount (kernel's ensureSharedMount). */
  runDir: string;
  runtime: ContainerRuntime;
  images: ImageService;
  network: NetworkService;
  instanceId: string;
  logger: Logger;
  clock?: Clock;
  /** Applies `docker commit --change` instructions to a configuration. */
  applyChanges?: (config: ImageRuntimeConfig, changes: readonly string[]) => ImageRuntimeConfig;
}

/** The engine and its life cycle. */
export interface OpenEngine extends Engine {
  /**
   * After a start, once networks and images are ready: drops networks' leftovers and applies the restart policies.
   * `alsoAlive` names others that hold addresses: pod sandboxes.
   */
  reconcile(alsoAlive?: ReadonlySet<string>): Promise<void>;
  /** Orderly end of the program. With `stopContainers` all containers stop first, in parallel. */
  shutdown(options?: { stopContainers?: boolean; timeoutSeconds?: number }): Promise<void>;
  /** Ends the engine; containers go on. */
  close(): Promise<void>;
}

/** One method a request; what each does stands in the file of its name. */
export class ContainerEngine implements OpenEngine {
  readonly #context: EngineContext;
  readonly #options: EngineOptions;
  readonly #listeners = new Set<(change: ContainerChange) => void>();
  #stop: (() => void)[] = [];

  constructor(options: EngineOptions) {
    const clock = options.clock ?? systemClock;
    const volumes = new VolumeStore(options.volumesDir, clock, options.logger);
    this.#options = options;
    this.#context = {
      instanceId: options.instanceId,
      namespacesDir: `${options.runDir}/ns`,
      stagedMountsDir: `${options.runDir}/mounts`,
      containers: new ContainerStore(options.stateDir, options.logger, clock),
      volumes,
      volumeMounts: new VolumeMounts(volumes),
      execs: new ExecStore(clock),
      initLayers: new InitLayers(`${options.runDir}/init-layers`),
      events: new EventLog(clock),
      runtime: options.runtime,
      images: options.images,
      network: options.network,
      logger: options.logger,
      clock,
      heldLimits: readHeldLimits(),
      shuttingDown: false,
      background: new Set(),
      tell: (change) => this.#tell(change),
    };
  }

  /** Loads the records and adopts what runs. */
  async open(): Promise<void> {
    const { containers, volumes, initLayers, runtime, namespacesDir } = this.#context;
    await mkdir(namespacesDir, { recursive: true, mode: 0o711 });
    const [cutOff] = await Promise.all([containers.open(), volumes.open(), initLayers.open()]);
    await unstageAll(this.#context);
    await discardCutOff(this.#context, cutOff);
    this.#stop.push(this.#context.images.addLayerHolder((diffId) => this.#hasInImageMount(diffId)));
    this.#stop.push(runtime.onExit((id, exit) => onRuntimeExit(this.#context, id, exit)));
    this.#stop.push(...forwardEvents(this.#context));
    await adoptContainers(this.#context);
    await this.#context.volumeMounts.releaseUnused();
  }

  #hasInImageMount(diffId: string): boolean {
    return this.#context.containers
      .all()
      .some(({ record }) => record.mounts.some(({ imageLayers }) => imageLayers?.includes(diffId)));
  }

  async reconcile(alsoAlive: ReadonlySet<string> = new Set()): Promise<void> {
    const alive = this.#context.containers.all().filter((container) => container.hasProcess);
    const { leftAlone } = this.#context.containers;
    await this.#context.network.reconcile(
      new Set([...alsoAlive, ...leftAlone, ...alive.map((container) => container.id)]),
    );
    await restartStopped(this.#context);
    const used = (await this.#context.images.list()).map((image) => image.id);
    const held = this.#context.containers.all().map((container) => container.record.imageId);
    await this.#context.initLayers.collect(new Set([...used, ...held]));
  }

  async shutdown(options: { stopContainers?: boolean; timeoutSeconds?: number } = {}): Promise<void> {
    this.#context.shuttingDown = true;
    if (options.stopContainers) await this.#stopAll(options.timeoutSeconds);
    await this.close();
    // The containers' common cgroup; it stays where one of them does.
    if (options.stopContainers)
      await removeCgroup(`/gantry-${this.#options.instanceId}`, { waitMs: 200 }).catch(() => {});
  }

  async #stopAll(timeoutSeconds: number | undefined): Promise<void> {
    const running = this.#context.containers.all().filter((container) => container.isRunning);
    await Promise.all(
      running.map(async (container) => {
        try {
          await stop(this.#context, container, { timeoutSeconds });
        } catch (error) {
          this.#context.logger.warn("a container did not stop", { container: container.id, error });
        }
      }),
    );
  }

  async close(): Promise<void> {
    for (const container of this.#context.containers.all()) {
      container.stopHealthChecks();
      container.cancelRestart?.();
      leaveForwarding(container);
    }
    for (const undo of this.#stop.splice(0)) undo();
    while (this.#context.background.size > 0) await Promise.all(this.#context.background);
    await Promise.all(this.#context.containers.all().map((container) => container.unplugged));
    await this.#context.containers.saveDeferred();
    this.#listeners.clear();
  }

  #tell(change: ContainerChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#context.logger.error("a listener for container changes failed", { error: errorMessage(error) });
      }
    }
  }

  createContainer = (request: CreateContainerRequest) => createContainer(this.#context, request);
  startContainer = (reference: string) => startContainer(this.#context, reference);
  stopContainer = (reference: string, options?: StopOptions) =>
    stopContainer(this.#context, reference, options);
  restartContainer = (reference: string, options?: StopOptions) =>
    restartContainer(this.#context, reference, options);
  killContainer = (reference: string, signal?: string) => killContainer(this.#context, reference, signal);
  pauseContainer = (reference: string) => pauseContainer(this.#context, reference);
  unpauseContainer = (reference: string) => unpauseContainer(this.#context, reference);
  removeContainer = (reference: string, options?: RemoveOptions) =>
    removeContainer(this.#context, reference, options);
  removeLink = (name: string) => removeLink(this.#context, name);
  renameContainer = (reference: string, name: string) => renameContainer(this.#context, reference, name);
  updateContainer = (reference: string, update: Partial<HostConfig>) =>
    updateContainer(this.#context, reference, update);
  listContainers = (options?: ListContainersOptions) => listContainers(this.#context, options);
  inspectContainer = (reference: string, options?: { size?: boolean }) =>
    inspectContainer(this.#context, reference, options);

  containerState(id: string): ContainerState | undefined {
    return this.#context.containers.byId(id)?.record.state;
  }

  waitContainer = async (reference: string, condition?: WaitCondition, signal?: AbortSignal) =>
    waitContainer(this.#context, reference, condition, signal);
  attachContainer = (reference: string, streams: AttachStreams, options: AttachOptions) =>
    attachContainer(this.#context, reference, streams, options);

  async resizeContainer(reference: string, columns: number, rows: number): Promise<void> {
    const container = this.#context.containers.get(reference);
    try {
      if (!container.hasProcess) throw notRunning(container.id);
      await this.#context.runtime.resize(container.id, columns, rows);
    } catch (error) {
      throw hasEnded(error) ? notRunning(container.id) : error;
    }
    emitContainerEvent(this.#context, container, "resize", { height: String(rows), width: String(columns) });
  }

  containerLogs = (reference: string, options: LogOptions) =>
    containerLogs(this.#context, reference, options);
  containerTop = (reference: string, psArgs?: string) => containerTop(this.#context, reference, psArgs);
  containerStats = (reference: string) => containerStats(this.#context, reference);
  containerChanges = (reference: string) => containerChanges(this.#context, reference);
  readArchive = (reference: string, path: string) => readArchive(this.#context, reference, path);
  statPath = (reference: string, path: string) => statPath(this.#context, reference, path);
  writeArchive = (reference: string, path: string, tar: Readable, options?: WriteArchiveOptions) =>
    writeArchive(this.#context, reference, path, tar, options);
  exportContainer = (reference: string) => exportContainer(this.#context, reference);
  commitContainer = (reference: string, options: CommitOptions) =>
    commitContainer(this.#context, reference, options, this.#options.applyChanges);
  pruneContainers = (filters?: Filters) => pruneContainers(this.#context, filters);

  createExec = (reference: string, config: ExecConfig) => createExec(this.#context, reference, config);
  startExec = (execId: string, streams: AttachStreams, options?: StartExecOptions) =>
    startExec(this.#context, execId, streams, options);
  resizeExec = (execId: string, columns: number, rows: number) =>
    resizeExec(this.#context, execId, columns, rows);
  inspectExec = (execId: string) => inspectExec(this.#context, execId);

  createVolume = (request: Parameters<Engine["createVolume"]>[0]) => createVolume(this.#context, request);
  listVolumes = (filters?: Filters, options?: { usage?: boolean }) =>
    listVolumes(this.#context, filters, options);
  inspectVolume = (name: string) => inspectVolume(this.#context, name);
  removeVolume = (name: string, force?: boolean) => removeVolume(this.#context, name, force);
  pruneVolumes = (filters?: Filters) => pruneVolumes(this.#context, filters);

  connectNetwork = (network: string, reference: string, settings?: EndpointSettings) =>
    connectNetwork(this.#context, network, reference, settings);
  disconnectNetwork = (network: string, reference: string, force?: boolean) =>
    disconnectNetwork(this.#context, network, reference, force);

  events(options: Parameters<Engine["events"]>[0]): AsyncIterable<EngineEvent> {
    return this.#context.events.stream(options);
  }

  emitEvent(
    type: EngineEvent["Type"],
    action: string,
    id: string,
    attributes?: Record<string, string>,
  ): void {
    this.#context.events.emit(type, action, id, attributes);
  }

  onContainerChange(listener: (change: ContainerChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
