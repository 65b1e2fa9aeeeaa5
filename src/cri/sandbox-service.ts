import { mkdirSync } from "node:fs";
import { mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errnoCode, errorMessage, fairTurn, type Logger, newHexId } from "../base/index.ts";
import { MountFlag, mount, pinNamespaces, unmount, unpinNamespaces } from "../kernel/index.ts";
import type { NetworkService } from "../network/types.ts";
import type { ContainerService } from "./container-service.ts";
import { hasLabels } from "./labels.ts";
import { createPodCgroups, type PodCgroups } from "./pod-cgroups.ts";
import { resolvConfText } from "./resolv-conf.ts";
import { type SandboxRecord, type SandboxStore, sandboxOf } from "./sandbox-store.ts";
import type { LinuxContainerResources, PodSandboxConfig, PodSandboxStatus } from "./types.ts";

/** statfs(2) type of a namespace file: tells a pinned namespace from the empty file that a reboot leaves. */
const NSFS_MAGIC = 0x6e736673;
/** What other runtimes give a pod's shared memory. */
const SHM_BYTES = 64 * 2 ** 20;

export interface SandboxServiceOptions {
  network: NetworkService;
  podNetwork: string;
  store: SandboxStore;
  containers: ContainerService;
  runDir: string;
  instanceId: string;
  logger: Logger;
  clock: Clock;
}

/** Makes and ends pod sandboxes: pinned namespaces on the pod network, with no process of their own. */
export class SandboxService {
  readonly #options: SandboxServiceOptions;
  readonly #runDir: string;
  readonly #cgroups: PodCgroups;
  /** Work on one sandbox is done one after another. */
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #released = new Set<string>();

  constructor(options: SandboxServiceOptions) {
    this.#options = options;
    this.#runDir = join(options.runDir, "sandboxes");
    this.#cgroups = createPodCgroups(options.instanceId, options.logger);
  }

  /** Sandboxes whose namespaces did not survive (a reboot) become not ready; namespaces without a record are let go. */
  async open(): Promise<void> {
    const { store, logger } = this.#options;
    await mkdir(this.#runDir, { recursive: true, mode: 0o711 });
    for (const record of [...store.list()]) {
      if (record.state === "ready" && (await this.#isAlive(record))) continue;
      if (record.state === "ready") {
        logger.info("a pod sandbox did not outlive the machine's restart", { sandbox: record.id });
        await store.saveOrDefer({ ...record, state: "notready" });
      }
      await this.#release(record.id);
    }
    for (const id of await readdir(this.#runDir)) {
      if (!store.get(id) && !store.leftAlone.has(id)) await this.#releaseNamespaces(id);
    }
    await this.#cgroups.removeStrays([...store.list()].map(({ config }) => config));
  }

  close(): void {
    this.#busy.clear();
  }

  status(): { runtimeReady: boolean; networkReady: boolean; message: string } {
    const networkReady = this.#options.network.find(this.#options.podNetwork) !== undefined;
    const message = networkReady ? "" : `the pod network ${this.#options.podNetwork} does not exist`;
    return { runtimeReady: true, networkReady, message };
  }

  liveIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const record of this.#options.store.list()) if (record.state === "ready") ids.add(record.id);
    return ids;
  }

  async run(config: PodSandboxConfig): Promise<string> {
    const id = newHexId();
    const { store, clock } = this.#options;
    const record: SandboxRecord = {
      id,
      config,
      state: "ready",
      createdAtMs: clock.nowMs(),
      ip: "",
      namespaces: {},
    };
    try {
      await this.#writeEtcFiles(record);
      await fairTurn();
      this.#cgroups.create(config);
      this.#makeNamespaces(record);
      await this.#joinNetwork(record);
      await store.save(record);
    } catch (error) {
      await this.#discard(record);
      throw error;
    }
    return id;
  }

  /**
   * Ends what runs in it and gives its address back. Succeeds on what is gone. It is not ready from the first moment, so
   * that nobody starts anew what is being ended.
   */
  stop(id: string): Promise<void> {
    return this.#oneAtATime(id, async () => {
      const { store, containers } = this.#options;
      const record = store.get(id);
      if (!record) return;
      if (record.state === "ready") await store.saveOrDefer({ ...record, state: "notready" });
      await containers.stopAll(id);
      await this.#release(id);
    });
  }

  async remove(id: string): Promise<void> {
    await this.stop(id);
    await this.#oneAtATime(id, async () => {
      const record = this.#options.store.get(id);
      if (!record) return;
      await this.#options.containers.removeAll(id);
      await this.#options.store.delete(id);
      this.#released.delete(id);
      this.#removeCgroup(record.config);
    });
  }

  /** The limits of the pod's cgroup; what is absent stays as it is. */
  updateResources(id: string, resources: LinuxContainerResources): Promise<void> {
    return this.#oneAtATime(id, async () => {
      const record = sandboxOf(this.#options.store, id);
      this.#cgroups.update(record.config, resources);
      const linux = { ...record.config.linux, resources: { ...record.config.linux.resources, ...resources } };
      await this.#options.store.saveOrDefer({ ...record, config: { ...record.config, linux } });
    });
  }

  statusOf(id: string): PodSandboxStatus | undefined {
    const record = this.#options.store.get(id);
    return record && toStatus(record);
  }

  list(filter: { id?: string; labels?: Record<string, string> } = {}): PodSandboxStatus[] {
    const found: PodSandboxStatus[] = [];
    for (const record of this.#options.store.list()) {
      if (filter.id !== undefined && record.id !== filter.id) continue;
      if (hasLabels(record.config.labels, filter.labels)) found.push(toStatus(record));
    }
    return found;
  }

  #makeNamespaces(record: SandboxRecord): void {
    const { namespaceOptions } = record.config.linux;
    const dir = join(this.#runDir, record.id);
    const types: ("net" | "ipc" | "uts")[] = [];
    // A pod on the host's network has the host's name too, as with other runtimes.
    if (namespaceOptions.network === "POD") types.push("net", "uts");
    if (namespaceOptions.ipc === "POD") types.push("ipc");
    if (types.length > 0) {
      record.namespaces = pinNamespaces(dir, types, { hostname: record.config.hostname, loopbackUp: true });
    }
    if (namespaceOptions.ipc === "POD") record.shmDir = mountShm(dir);
  }

  async #joinNetwork(record: SandboxRecord): Promise<void> {
    const { network, podNetwork } = this.#options;
    const { config, namespaces } = record;
    const mappings = config.portMappings.filter((mapping) => mapping.hostPort > 0);
    if (namespaces.net === undefined) return;
    const endpoint = await network.attach({
      network: podNetwork,
      containerId: record.id,
      containerName: `${config.metadata.name}.${config.metadata.namespace}`,
      netnsPath: namespaces.net,
      defaultRoute: true,
    });
    record.ip = endpoint.ip;
    if (mappings.length > 0) await network.publishPorts(record.id, endpoint.ip, mappings);
  }

  async #writeEtcFiles(record: SandboxRecord): Promise<void> {
    const dir = this.#options.store.directory(record.id);
    const { hostname, dnsConfig } = record.config;
    await mkdir(dir, { recursive: true, mode: 0o711 });
    await writeFile(join(dir, "hostname"), `${hostname}\n`, { mode: 0o644 });
    if (dnsConfig) await writeFile(join(dir, "resolv.conf"), resolvConfText(dnsConfig), { mode: 0o644 });
  }

  async #isAlive(record: SandboxRecord): Promise<boolean> {
    for (const path of Object.values(record.namespaces)) {
      try {
        if ((await statfs(path)).type !== NSFS_MAGIC) return false;
      } catch (error) {
        if (errnoCode(error) === "ENOENT") return false;
        throw error;
      }
    }
    return true;
  }

  /** Once in this run of the program; what an earlier one left undone, `open` has done. */
  async #release(id: string): Promise<void> {
    if (this.#released.has(id)) return;
    await this.#leaveNetwork(id);
    await this.#releaseNamespaces(id);
    this.#released.add(id);
  }

  async #leaveNetwork(id: string): Promise<void> {
    const { network, podNetwork } = this.#options;
    await network.unpublishPorts(id);
    await network.detach(podNetwork, id);
  }

  async #releaseNamespaces(id: string): Promise<void> {
    const dir = join(this.#runDir, id);
    try {
      unmount(join(dir, "shm"), { detach: true });
    } catch {
      // Not mounted: it was made without one, or the machine was restarted.
    }
    await rm(join(dir, "shm"), { recursive: true, force: true });
    unpinNamespaces(dir);
    await rm(dir, { recursive: true, force: true });
  }

  /** After a failed start: everything goes, and the first failure is the one to tell. */
  async #discard(record: SandboxRecord): Promise<void> {
    const steps = [
      () => this.#leaveNetwork(record.id),
      () => this.#releaseNamespaces(record.id),
      () => this.#options.store.delete(record.id),
      async () => this.#removeCgroup(record.config),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        this.#options.logger.warn("a failed pod sandbox was not cleaned up fully", {
          sandbox: record.id,
          error: errorMessage(error),
        });
      }
    }
  }

  /** A pod's next sandbox lives in the same cgroup. */
  #removeCgroup(config: PodSandboxConfig): void {
    const { cgroupParent } = config.linux;
    for (const other of this.#options.store.list()) {
      if (other.config.linux.cgroupParent === cgroupParent) return;
    }
    this.#cgroups.remove(config);
  }

  #oneAtATime<T>(id: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#busy.get(id) ?? Promise.resolve();
    const next = previous.then(work, work);
    this.#busy.set(id, next);
    const done = () => {
      if (this.#busy.get(id) === next) this.#busy.delete(id);
    };
    next.then(done, done);
    return next;
  }
}

function mountShm(dir: string): string {
  const target = join(dir, "shm");
  mkdirSync(target, { recursive: true });
  mount(
    "shm",
    target,
    "tmpfs",
    MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC,
    `mode=1777,size=${SHM_BYTES}`,
  );
  return target;
}

function toStatus(record: SandboxRecord): PodSandboxStatus {
  const { config } = record;
  return {
    id: record.id,
    metadata: config.metadata,
    state: record.state === "ready" ? "READY" : "NOTREADY",
    createdAtNs: BigInt(Math.round(record.createdAtMs * 1e3)) * 1000n,
    ip: record.ip,
    labels: config.labels,
    annotations: config.annotations,
    namespaceOptions: config.linux.namespaceOptions,
  };
}
