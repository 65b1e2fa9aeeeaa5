import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll } from "vitest";
import { newHexId, silentLogger, systemClock } from "../../base/index.ts";
import { type Builder, createBuilder, createEngineRunExecutor, createSolver } from "../../build/index.ts";
import { openContentStore } from "../../content/index.ts";
import { type OpenEngine, openEngine } from "../../engine/index.ts";
import { tarEntry, writeTar } from "../../formats/index.ts";
import { type HttpServer, startHttpServer } from "../../http/index.ts";
import { type ImageService, openImageService } from "../../images/index.ts";
import { ensureSharedMount, setUpProcess, unmountTree } from "../../kernel/index.ts";
import { BridgeNetworks } from "../../network/index.ts";
import { openRuntime } from "../../runtime/index.ts";
import { createDockerApi } from "../docker-api.ts";

/** The real engine with the API on a socket and on a TCP port, in a directory of its own. Needs root. */
export interface EngineHouse {
  dir: string;
  socketPath: string;
  port: number;
  engine: OpenEngine;
  images: ImageService;
  builder: Builder;
  close(): Promise<void>;
}

/** A test file's own house with an image `busybox`: from the first hook on. */
export function useEngineHouse(): EngineHouse {
  const house = {} as EngineHouse;
  beforeAll(async () => {
    Object.assign(house, await openEngineHouse());
    await house.images.importRootfs(busyboxArchive(), { reference: "busybox", config: { Cmd: ["sh"] } });
  }, 20_000);
  afterAll(() => house.close(), 20_000);
  return house;
}

async function openEngineHouse(): Promise<EngineHouse> {
  const dir = fs.mkdtempSync(join(tmpdir(), "gantry-api-"));
  const logger = silentLogger;
  const clock = systemClock;
  const instanceId = newHexId().slice(0, 6);
  await setUpProcess();
  ensureSharedMount(dir);
  const network = new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger, clock });
  await network.open();
  const content = await openContentStore({ dir: join(dir, "content"), logger, clock });
  const noRegistry = () => {
    throw new Error("there is no registry in this test");
  };
  const images = await openImageService({
    dir: join(dir, "images"),
    content,
    registry: { repository: noRegistry },
    logger,
    clock,
  });
  fs.mkdirSync(join(dir, "run"));
  const runtime = await openRuntime({ stateDir: join(dir, "run"), logger, clock });
  const engine = await openEngine({
    stateDir: join(dir, "containers"),
    volumesDir: join(dir, "volumes"),
    runDir: join(dir, "run"),
    instanceId,
    runtime,
    images,
    network,
    logger,
    clock,
  });
  const executor = createEngineRunExecutor(engine);
  const solver = createSolver({
    stateDir: join(dir, "build/solver"),
    images,
    executor,
    removeContainer: (id) => engine.removeContainer(id, { force: true, removeVolumes: true }),
    logger,
    clock,
  });
  await solver.open();
  const builder = createBuilder({ stateDir: join(dir, "build"), images, solver, executor, clock });
  await builder.open();
  const api = createDockerApi({
    engine,
    images,
    network,
    builder,
    logger,
    clock,
    info: {
      version: "0.0.0",
      gitCommit: "",
      buildTime: "",
      id: instanceId,
      homeDir: dir,
      hostname: "test",
      kernelVersion: "6",
      osPretty: "Linux",
      osVersion: "",
      architecture: "amd64",
      machine: "x86_64",
      cpus: 1,
      memoryBytes: 1,
      cgroupVersion: "2",
      runtime: runtime.info,
      insecureRegistries: ["127.0.0.0/8"],
    },
  });
  const serve = (listen: { socketPath: string } | { port: number; host: string }): Promise<HttpServer> =>
    startHttpServer({
      listen,
      handler: (context) => api.handler(context),
      upgrade: (req, socket, head) => api.upgrade(req, socket, head),
      logger,
    });
  const socketPath = join(dir, "docker.sock");
  const servers = [await serve({ socketPath }), await serve({ port: 0, host: "127.0.0.1" })];
  const address = servers[1]!.address() as { port: number };
  return {
    dir,
    socketPath,
    port: address.port,
    engine,
    images,
    builder,
    async close() {
      api.close();
      for (const server of servers) await server.close();
      await builder.close();
      await solver.close();
      for (const { Id } of await engine.listContainers({ all: true }))
        await engine.removeContainer(Id, { force: true, removeVolumes: true });
      await engine.shutdown({ stopContainers: true });
      await runtime.close();
      for (const config of network.list())
        if (config.driver === "bridge") await network.remove(config.id).catch(() => {});
      await network.destroy();
      unmountTree(dir);
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A tar archive of a root file system that holds busybox and its links. */
export function busyboxArchive(): Readable {
  const busybox = fs.readFileSync("/usr/bin/busybox");
  const applets = [
    "sh",
    "cat",
    "echo",
    "sleep",
    "ls",
    "head",
    "true",
    "false",
    "stty",
    "yes",
    "wc",
    "id",
    "env",
    "touch",
    "tr",
    "seq",
  ];
  const directories = ["bin", "etc", "dev", "proc", "sys", "tmp", "root"];
  return Readable.from(
    writeTar([
      ...directories.map((name) => ({ entry: tarEntry({ name: `${name}/`, type: "directory" }) })),
      {
        entry: tarEntry({ name: "bin/busybox", type: "file", mode: 0o755, sizeBytes: busybox.length }),
        body: busybox,
      },
      ...applets.map((name) => ({
        entry: tarEntry({ name: `bin/${name}`, type: "symlink", linkName: "busybox" }),
      })),
      ...[
        ["etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"],
        ["etc/group", "root:x:0:\n"],
      ].map(([name, text]) => ({
        entry: tarEntry({ name: name!, type: "file", sizeBytes: text!.length }),
        body: Buffer.from(text!),
      })),
    ]),
  );
}

/** A tar archive of some text files, in memory. */
export async function archiveOf(files: Record<string, string>): Promise<Buffer> {
  const members = Object.entries(files).map(([name, text]) => {
    const body = Buffer.from(text);
    return { entry: tarEntry({ name, type: "file", sizeBytes: body.length }), body };
  });
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(members)) parts.push(part);
  return Buffer.concat(parts);
}
