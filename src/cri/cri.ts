import { join } from "node:path";
import { type Clock, type Logger, systemClock } from "../base/index.ts";
import type { Engine } from "../engine/types.ts";
import type { ImageService } from "../images/types.ts";
import { type NetworkService, POD_NETWORK_NAME } from "../network/index.ts";
import { ContainerService } from "./container-service.ts";
import { createCriImageService } from "./image-service.ts";
import { SandboxService } from "./sandbox-service.ts";
import { SandboxStore } from "./sandbox-store.ts";
import { StreamingService } from "./streaming-service.ts";
import type { CriImageService, CriRuntimeService } from "./types.ts";

export interface CriOptions {
  engine: Engine;
  images: ImageService;
  network: NetworkService;
  /** Sandbox records live below it. */
  stateDir: string;
  /** Pinned namespaces live below it: `<runDir>/sandboxes/<sandboxId>/{net,ipc,uts,shm}`. */
  runDir: string;
  instanceId: string;
  /** The network that pods are plugged into. */
  podNetwork?: string;
  runtimeVersion?: string;
  logger: Logger;
  clock?: Clock;
}

/** The Container Runtime Interface in process. */
export interface Cri {
  readonly runtime: CriRuntimeService;
  readonly images: CriImageService;
  /** Finds sandboxes and containers of an earlier run again. The engine and the network must be open. */
  open(): Promise<void>;
  /** Stops listening; sandboxes and containers go on. */
  close(): Promise<void>;
  /** Sandboxes that hold an address: what `NetworkService.reconcile` must keep beside the engine's containers. */
  liveSandboxIds(): ReadonlySet<string>;
}

/** CRI over the engine: a pod sandbox is a record plus pinned namespaces, a container is the engine's container in them. */
export function createCri(options: CriOptions): Cri {
  const clock = options.clock ?? systemClock;
  const store = new SandboxStore(join(options.stateDir, "sandboxes"), options.logger);
  const containers = new ContainerService({ ...options, store, clock });
  const sandboxes = new SandboxService({
    ...options,
    podNetwork: options.podNetwork ?? POD_NETWORK_NAME,
    store,
    containers,
    clock,
  });
  const streaming = new StreamingService({ engine: options.engine, store, containers, clock });
  const runtimeVersion = options.runtimeVersion ?? "0.1.0";
  const runtime: CriRuntimeService = {
    version: async () => ({ runtimeName: "gantry", runtimeVersion, runtimeApiVersion: "v1" }),
    status: async () => sandboxes.status(),
    runPodSandbox: (config) => sandboxes.run(config),
    stopPodSandbox: (id) => sandboxes.stop(id),
    removePodSandbox: (id) => sandboxes.remove(id),
    podSandboxStatus: async (id) => sandboxes.statusOf(id),
    listPodSandboxes: async (filter) => sandboxes.list(filter),
    createContainer: (sandboxId, config) => containers.create(sandboxId, config),
    startContainer: (id) => containers.start(id),
    stopContainer: (id, timeoutSeconds) => containers.stop(id, timeoutSeconds),
    removeContainer: (id) => containers.remove(id),
    listContainers: async (filter) => containers.list(filter),
    containerStatus: async (id) => containers.statusOf(id),
    execSync: (id, command, timeoutSeconds) => streaming.execSync(id, command, timeoutSeconds),
    exec: (id, command, execOptions, streams) => streaming.exec(id, command, execOptions, streams),
    attach: (id, attachOptions, streams) => streaming.attach(id, attachOptions, streams),
    portForward: (sandboxId, port) => streaming.portForward(sandboxId, port),
    containerUsage: (id) => containers.usage(id),
    containerStats: (id) => containers.stats(id),
    updateContainerResources: (id, resources) => containers.updateResources(id, resources),
    updatePodSandboxResources: (id, resources) => sandboxes.updateResources(id, resources),
    onEvent: (listener) => containers.onEvent(listener),
  };
  return {
    runtime,
    images: createCriImageService(options.images, options.engine),
    async open() {
      await store.open();
      await containers.open();
      await sandboxes.open();
    },
    async close() {
      containers.close();
      sandboxes.close();
    },
    liveSandboxIds: () => sandboxes.liveIds(),
  };
}
