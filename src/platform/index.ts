import {
  createLogger,
  GantryError,
  isGantryError,
  type Logger,
  runServices,
  type Service,
  systemClock,
} from "../base/index.ts";
import {
  type Component,
  type PlatformHooks,
  type PlatformOptions,
  type PlatformStatus,
  VERSION,
} from "../cli/index.ts";
import type { ContainerSummary } from "../engine/types.ts";
import { ensureSharedMount, setUpProcess } from "../kernel/index.ts";
import { runStoreOperation } from "../store/index.ts";
import { runsContainers, servicesOf } from "./components.ts";
import type { PlatformConfig } from "./config.ts";
import { startControlServer } from "./control-server.ts";
import { type EngineHouse, engineHouse } from "./engine-services.ts";
import { assertNothingRuns, type HomeLayout, homeLayout, lockHome, prepareHome } from "./home.ts";
import { loadInstance } from "./instance.ts";
import { LastGuard } from "./last-guard.ts";
import { assertSystemPackages } from "./requirements.ts";
import { hasRunningProcesses, removeKernelState, unmountHome } from "./reset.ts";
import { type Agent, agent } from "./roles/agent.ts";
import type { ControlPlane } from "./roles/control-plane.ts";
import { nodeRole } from "./roles/node.ts";

export { examinePlatform } from "./doctor/index.ts";
export { resetPlatform } from "./reset.ts";

/** Runs the whole platform in this process until the hooks' signal aborts or `gantry down` asks for it. */
export async function runPlatform(options: PlatformOptions, hooks: PlatformHooks): Promise<void> {
  const startedAtMs = systemClock.monotonicMs();
  const layout = homeLayout(options.home);
  if (runsContainers(options.components)) assertSystemPackages();
  await assertNothingRuns(options.home);
  prepareHome(layout);
  const unlock = await lockHome(layout);
  try {
    await new Platform(options, hooks, layout, startedAtMs).run();
  } finally {
    unlock();
  }
}

class Platform {
  readonly #options: PlatformOptions;
  readonly #components: readonly Component[];
  readonly #hooks: PlatformHooks;
  readonly #layout: HomeLayout;
  readonly #config: PlatformConfig;
  readonly #logger: Logger;
  readonly #guard: LastGuard;
  readonly #startedAtMs: number;
  readonly #stopping = new AbortController();
  readonly #readyAfterMs = new Map<string, number | undefined>();
  #state: PlatformStatus["state"] = "starting";
  #keepContainers = false;
  #engineHouse: EngineHouse | undefined;
  #controlPlane: ControlPlane | undefined;
  /** Of an agent: the server that it uses. */
  #server: Agent["server"] | undefined;

  constructor(options: PlatformOptions, hooks: PlatformHooks, layout: HomeLayout, startedAtMs: number) {
    this.#options = options;
    this.#components = options.components;
    this.#hooks = hooks;
    this.#layout = layout;
    this.#startedAtMs = startedAtMs;
    this.#logger = createLogger((line) => hooks.log(line), options.logLevel);
    this.#config = loadInstance(options);
    this.#guard = new LastGuard({
      logger: this.#logger,
      clock: systemClock,
      end: (why) => {
        hooks.log(`gantry: ${why}; it ends here, and containers go on - see the log, and start it again`);
        process.exit(1);
      },
    });
  }

  async run(): Promise<void> {
    const uninstall = this.#guard.install();
    try {
      await this.#run();
    } finally {
      uninstall();
    }
  }

  async #run(): Promise<void> {
    const { warnings } = await setUpProcess();
    for (const warning of warnings) this.#logger.warn(warning);
    ensureSharedMount(this.#layout.home);
    const control = await startControlServer(
      this.#layout.controlSocket,
      {
        status: () => this.#status(),
        stop: (how) => this.#stop(how.keepContainers),
        operateStore: (name, parameters) => this.#operateStore(name, parameters),
      },
      this.#logger,
    );
    try {
      await runServices({
        services: (await this.#services()).map((service) => this.#guard.watch(this.#timed(service))),
        signal: AbortSignal.any([this.#hooks.signal, this.#stopping.signal]),
        logger: this.#logger,
        onAllReady: () => this.#ready(),
      });
    } finally {
      this.#state = "stopping";
      await control.close();
      await this.#leaveNothingRunning();
    }
  }

  /** An agent loads nothing of a control plane: it has the memory of a small machine. */
  async #services(): Promise<Service[]> {
    const common = { layout: this.#layout, config: this.#config, logger: this.#logger, clock: systemClock };
    const house = engineHouse({ ...common, keepContainers: () => this.#keepContainers });
    this.#engineHouse = house;
    if (this.#options.role === "agent") {
      const { services, settings, clients, serving, server } = agent({
        ...common,
        token: this.#options.token,
      });
      this.#server = server;
      const node = nodeRole({
        ...common,
        house,
        clients,
        settings,
        kubelet: this.#options.kubelet,
        serving,
        isRemote: true,
        clientsNeed: "join",
      });
      return servicesOf(this.#components, [...house.services, ...services, ...node.services]);
    }
    const { serverRole } = await import("./roles/server.ts");
    const { plane, services } = serverRole({ ...common, house, options: this.#options });
    this.#controlPlane = plane;
    return servicesOf(this.#components, [...house.services, ...services]);
  }

  #timed(service: Service): Service {
    this.#readyAfterMs.set(service.name, undefined);
    return {
      ...service,
      run: (context) =>
        service.run({
          signal: context.signal,
          ready: () => {
            this.#readyAfterMs.set(service.name, Math.round(systemClock.monotonicMs() - this.#startedAtMs));
            context.ready();
          },
        }),
    };
  }

  #ready(): void {
    this.#state = "ready";
    this.#guard.started();
    this.#status().then(
      (status) => this.#hooks.onReady(status),
      (error) => this.#logger.error("what was started cannot be told", { error }),
    );
  }

  #stop(keepContainers: boolean): void {
    this.#keepContainers = keepContainers;
    this.#state = "stopping";
    this.#stopping.abort();
  }

  async #operateStore(name: string, parameters: URLSearchParams): Promise<object> {
    if (this.#options.role === "agent") {
      throw new GantryError("InvalidArgument", "an agent has no store: the servers of its cluster have it", {
        code: "Platform.NoStore",
        hint: "run this on a server",
      });
    }
    const store = this.#controlPlane?.store.current;
    if (!store) {
      throw new GantryError("Unavailable", "the platform is starting and has not opened its store yet", {
        code: "Platform.Starting",
        hint: "try again in a moment",
      });
    }
    return runStoreOperation(store, name, parameters);
  }

  /** Links, rules and mounts serve running containers only; the next start makes them anew from what is on the disk. */
  async #leaveNothingRunning(): Promise<void> {
    const { instanceId } = this.#config;
    if (this.#keepContainers || hasRunningProcesses(instanceId)) return;
    try {
      await removeKernelState(instanceId);
      unmountHome(this.#layout);
    } catch (error) {
      if (!isGantryError(error)) throw error;
      this.#logger.warn("something was left on the machine", { error: error.message });
    }
  }

  /** Docker's containers and the pods'. */
  async #containers(): Promise<ContainerSummary[]> {
    const engine = this.#engineHouse?.engine.current;
    if (!engine) return [];
    const owners = ["docker", "cri"] as const;
    return (await Promise.all(owners.map((owner) => engine.listContainers({ all: true, owner })))).flat();
  }

  async #status(): Promise<PlatformStatus> {
    const { home, dockerSocket, kubeconfig } = this.#layout;
    const containers = await this.#containers();
    return {
      version: VERSION,
      pid: process.pid,
      home,
      role: this.#options.role,
      state: this.#state,
      uptimeSeconds: Math.round((systemClock.monotonicMs() - this.#startedAtMs) / 1000),
      dockerSocket,
      kubeconfig,
      api: this.#server?.() ?? `https://127.0.0.1:${this.#config.apiPort}`,
      registry: `127.0.0.1:${this.#config.registryPort}`,
      node: this.#config.nodeName,
      containers: {
        running: containers.filter((one) => one.State === "running").length,
        total: containers.length,
      },
      memoryBytes: process.memoryUsage.rss(),
      escapedErrors: this.#guard.count,
      services: [...this.#readyAfterMs].map(([name, readyAfterMs]) => ({ name, readyAfterMs })),
    };
  }
}
