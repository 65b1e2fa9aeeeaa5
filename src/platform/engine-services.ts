import { join } from "node:path";
import { type Clock, GantryError, isGantryError, type Logger, type Service } from "../base/index.ts";
import {
  type Builder,
  createBuilder,
  createEngineRunExecutor,
  createSolver,
  type LocalSolver,
} from "../build/index.ts";
import { VERSION } from "../cli/index.ts";
import { type ContentStore, openContentStore } from "../content/index.ts";
import { createDockerApi } from "../docker-api/index.ts";
import { type OpenEngine, openEngine } from "../engine/index.ts";
import { startHttpServer } from "../http/index.ts";
import { type ImageService, openImageService } from "../images/index.ts";
import { trimMemory } from "../kernel/index.ts";
import { BridgeNetworks } from "../network/index.ts";
import { createRegistryHandler, localWriters, RegistryClient } from "../registry/index.ts";
import { type ContainerRuntime, openRuntime } from "../runtime/index.ts";
import type { PlatformConfig } from "./config.ts";
import { dockerSocket } from "./docker-socket.ts";
import type { HomeLayout } from "./home.ts";
import { keepMemoryTrimmed } from "./memory-trimmer.ts";
import { openBuildkit } from "./open-buildkit.ts";
import { openCloseService } from "./open-close.ts";
import { serverInfo } from "./server-info.ts";
import { Slot } from "./slot.ts";

export interface EngineHouse {
  network: Slot<BridgeNetworks>;
  images: Slot<ImageService>;
  runtime: Slot<ContainerRuntime>;
  engine: Slot<OpenEngine>;
  services: Service[];
}

export interface EngineHouseOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  logger: Logger;
  clock: Clock;
  /** Asked when the engine stops: whether running containers shall go on. */
  keepContainers: () => boolean;
}

/** What Docker does: networks, images, containers, builds, the registry, and Docker's API over them. */
export function engineHouse(options: EngineHouseOptions): EngineHouse {
  const { layout, config, logger, clock } = options;
  const network = new Slot<BridgeNetworks>("network");
  const content = new Slot<ContentStore>("content");
  const registryClient = new Slot<RegistryClient>("registry client");
  const images = new Slot<ImageService>("images");
  const runtime = new Slot<ContainerRuntime>("runtime");
  const engine = new Slot<OpenEngine>("engine");
  const builder = new Slot<Builder>("builder");
  const solver = new Slot<LocalSolver>("solver");
  const instanceId = config.instanceId;

  const services: Service[] = [
    openCloseService("memory", [], async () =>
      keepMemoryTrimmed({ clock, logger, rssBytes: () => process.memoryUsage.rss(), trim: trimMemory }),
    ),
    openCloseService("network", [], async () => {
      const bridges = new BridgeNetworks({ stateDir: layout.network, instanceId, logger, clock });
      await bridges.open();
      network.fill(bridges);
      return () => bridges.close();
    }),
    openCloseService("images", [], async () => {
      content.fill(await openContentStore({ dir: layout.content, logger, clock }));
      registryClient.fill(new RegistryClient({ logger, clock, userAgent: `gantry/${VERSION}` }));
      images.fill(
        await openImageService({
          dir: layout.images,
          content: content.value,
          registry: registryClient.value,
          logger,
          clock,
        }),
      );
      return () => registryClient.value.close();
    }),
    openCloseService("runtime", [], async () => {
      runtime.fill(await openRuntime({ stateDir: layout.run, logger, clock }));
      return () => runtime.value.close();
    }),
    openCloseService("engine", ["network", "images", "runtime"], async () => {
      engine.fill(
        await openEngine({
          stateDir: layout.containers,
          volumesDir: layout.volumes,
          runDir: layout.run,
          instanceId,
          runtime: runtime.value,
          images: images.value,
          network: network.value,
          applyChanges: (config, changes) => builder.value.applyChanges(config, changes),
          logger,
          clock,
        }),
      );
      return () => engine.value.shutdown({ stopContainers: !options.keepContainers() });
    }),
    openCloseService("docker-api", ["engine"], async () => {
      const removeContainer = (id: string) =>
        engine.value.removeContainer(id, { force: true, removeVolumes: true });
      const executor = createEngineRunExecutor(engine.value);
      solver.fill(
        createSolver({
          stateDir: join(layout.build, "solver"),
          images: images.value,
          executor,
          removeContainer,
          logger,
          clock,
        }),
      );
      await solver.value.open();
      builder.fill(
        createBuilder({
          stateDir: layout.build,
          images: images.value,
          solver: solver.value,
          executor,
          clock,
        }),
      );
      await builder.value.open();
      const buildkit = await openBuildkit({
        stateDir: layout.build,
        instanceId,
        solver: solver.value,
        images: images.value,
        content: content.value,
        logger,
        clock,
      });
      const api = createDockerApi({
        buildkit,
        engine: engine.value,
        images: images.value,
        network: network.value,
        builder: builder.value,
        registry: registryClient.value,
        info: serverInfo(layout, config, runtime.value.info),
        logger,
        clock,
      });
      const server = await startHttpServer({
        listen: await dockerSocket(layout.dockerSocket, logger),
        handler: (ctx) => api.handler(ctx),
        upgrade: (req, socket, head) => api.upgrade(req, socket, head),
        upgradesToH2c: (req) => api.upgradesToH2c(req),
        logger,
      });
      return async () => {
        api.close();
        buildkit.close();
        await server.close();
        await builder.value.close();
        await solver.value.close();
      };
    }),
    openCloseService("registry", ["images"], async () => {
      const registry = await createRegistryHandler({
        dir: layout.registry,
        content: content.value,
        logger,
        mayWrite: localWriters("docker"),
      });
      const server = await withPortHint("--registry-port", () =>
        startHttpServer({
          listen: { port: config.registryPort, host: "127.0.0.1" },
          handler: registry.handler as never,
          logger,
        }),
      );
      return async () => {
        await server.close();
        await registry.close();
      };
    }),
  ];
  return { network, images, runtime, engine, services };
}

/** A busy port is answered with the option that names another one. */
export async function withPortHint<T>(option: string, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!isGantryError(error) || error.code !== "Http.AddressInUse") throw error;
    throw new GantryError("Conflict", error.message, {
      code: error.code,
      hint: `choose another port with ${option}`,
      cause: error,
    });
  }
}
