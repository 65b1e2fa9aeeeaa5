import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { createLogger, type Logger, notImplemented, systemClock } from "../../base/index.ts";
import { openContentStore } from "../../content/index.ts";
import { encodeTarHeader, TAR_END, type TarEntry, tarEntry, tarPadding } from "../../formats/index.ts";
import type { ImageRuntimeConfig } from "../../formats/oci-types.ts";
import { type ImageService, openImageService } from "../../images/index.ts";
import {
  cgroupProcesses,
  cgroupsBelow,
  ensureSharedMount,
  listLinks,
  listMounts,
  removeCgroup,
  setUpProcess,
  unmountTree,
} from "../../kernel/index.ts";
import { BridgeNetworks } from "../../network/index.ts";
import { type ContainerRuntime, openRuntime } from "../../runtime/index.ts";
import { type OpenEngine, openEngine } from "../index.ts";
import type { CreateContainerRequest } from "../types.ts";

/** A whole engine in a temporary home, with a busybox image. For tests only. */
export interface TestHome {
  readonly dir: string;
  readonly instanceId: string;
  readonly engine: OpenEngine;
  readonly images: ImageService;
  readonly network: BridgeNetworks;
  readonly runtime: ContainerRuntime;
  readonly logLines: string[];
  /** Creates a container of `busybox`. */
  create(command: string[], request?: Partial<CreateContainerRequest>): Promise<string>;
  /** Runs one to its end: exit code and output. */
  run(command: string[], request?: Partial<CreateContainerRequest>): Promise<RunResult>;
  output(id: string): Promise<{ stdout: string; stderr: string }>;
  exec(id: string, command: string[], options?: { user?: string; input?: string }): Promise<RunResult>;
  /** Ends this engine as a crash would, but for the process; containers go on. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export interface RunResult {
  id: string;
  exitCode: number;
  stdout: string;
  stderr: string;
}

export const TEST_INSTANCE_ID = "e57e57";

export async function openTestHome(options: { dir?: string; instanceId?: string } = {}): Promise<TestHome> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "gantry-engine-")));
  const instanceId = options.instanceId ?? TEST_INSTANCE_ID;
  await setUpProcess();
  ensureSharedMount(dir);
  const logLines: string[] = [];
  const logger = createLogger((line) => logLines.push(line), "debug");
  const content = await openContentStore({ dir: join(dir, "content"), logger });
  const registry = {
    repository: () => {
      throw notImplemented("no registry in this test");
    },
  };
  const images = await openImageService({ dir: join(dir, "images"), content, registry, logger });
  if (!(await images.find("busybox"))) await importBusybox(images);
  const home = { dir, instanceId, images, logLines } as unknown as TestHome & Mutable;
  await openParts(home, logger);
  return Object.assign(home, methodsOf(home, logger));
}

type Mutable = { engine: OpenEngine; network: BridgeNetworks; runtime: ContainerRuntime };

async function openParts(home: TestHome & Mutable, logger: Logger): Promise<void> {
  const { dir, instanceId, images } = home;
  home.network = new BridgeNetworks({ stateDir: join(dir, "network"), instanceId, logger });
  await home.network.open();
  home.runtime = await openRuntime({ stateDir: join(dir, "run"), logger });
  home.engine = await openEngine({
    stateDir: join(dir, "containers"),
    volumesDir: join(dir, "volumes"),
    runDir: join(dir, "run"),
    runtime: home.runtime,
    images,
    network: home.network,
    instanceId,
    logger,
  });
}

function methodsOf(home: TestHome & Mutable, logger: Logger): Partial<TestHome> {
  const create = async (command: string[], request: Partial<CreateContainerRequest> = {}) => {
    const { id } = await home.engine.createContainer({
      ...request,
      config: { Image: "busybox", Cmd: command, ...request.config },
      hostConfig: { ...request.hostConfig },
    });
    return id;
  };
  const output = async (id: string) => {
    const texts = { stdout: "", stderr: "" };
    const logs = home.engine.containerLogs(id, { stdout: true, stderr: true, follow: false });
    for await (const entries of logs) {
      for (const { stream, data } of entries) texts[stream] += data.toString();
    }
    return texts;
  };
  const closeParts = async () => {
    await home.engine.close();
    await home.runtime.close();
    await home.network.close();
  };
  return {
    create,
    output,
    async run(command, request) {
      const id = await create(command, request);
      const ended = home.engine.waitContainer(id, "next-exit");
      await home.engine.startContainer(id);
      const { exitCode } = await ended;
      return { id, exitCode, ...(await output(id)) };
    },
    async exec(id, command, options = {}) {
      const { id: execId } = await home.engine.createExec(id, { Cmd: command, User: options.user });
      const stdout = collector();
      const stderr = collector();
      const stdin = options.input === undefined ? undefined : Readable.from([Buffer.from(options.input)]);
      const { exitCode } = await home.engine.startExec(execId, {
        stdin,
        stdout: stdout.stream,
        stderr: stderr.stream,
      });
      return { id, exitCode, stdout: stdout.text(), stderr: stderr.text() };
    },
    async reopen() {
      await closeParts();
      await openParts(home, logger);
      await home.engine.reconcile();
    },
    async close() {
      for (const { Id } of await home.engine.listContainers({ all: true })) await discard(home.engine, Id);
      for (const { Id } of await home.engine.listContainers({ all: true, owner: "cri" }))
        await discard(home.engine, Id);
      await home.engine.close();
      await home.runtime.close();
      await home.network.destroy();
      await removeCgroup(`/gantry-${home.instanceId}`);
      unmountTree(home.dir);
      await rm(home.dir, { recursive: true, force: true });
    },
  };
}

async function discard(engine: OpenEngine, id: string): Promise<void> {
  await engine.removeContainer(id, { force: true, removeVolumes: true }).catch(() => {});
}

/** A stream that keeps what is written to it. */
export function collector(): { stream: PassThrough; text(): string; bytes(): Buffer } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const bytes = () => Buffer.concat(chunks);
  return { stream, bytes, text: () => bytes().toString() };
}

/** Waits for a condition; fails after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  const deadline = systemClock.monotonicMs() + timeoutMs;
  while (!(await condition())) {
    if (systemClock.monotonicMs() > deadline) throw new Error(`waited in vain for ${condition}`);
    await systemClock.sleep(10);
  }
}

/** What of this instance is left on the machine. */
export async function leftovers(home: TestHome): Promise<string[]> {
  const mounts = listMounts()
    .map((mount) => mount.mountPoint)
    .filter((path) => path.startsWith(`${home.dir}/`));
  const links = listLinks()
    .map((link) => link.name)
    .filter((name) => name.startsWith(`gt${home.instanceId}`) && !name.endsWith("-bridge"));
  const processes = cgroupProcesses(`/gantry-${home.instanceId}`).map(String);
  const cgroups = containerCgroups(`/gantry-${home.instanceId}`);
  const files: string[] = [];
  for (const name of ["run/processes", "run/exits", "run/exec", "run/ns", "run/crun", "containers"]) {
    files.push(...(await readdir(join(home.dir, name)).catch(() => [])).map((entry) => `${name}/${entry}`));
  }
  return [...mounts, ...links, ...processes, ...cgroups, ...files];
}

function containerCgroups(parent: string): string[] {
  return cgroupsBelow(parent).flatMap((name) => {
    const path = `${parent}/${name}`;
    return /^[0-9a-f]{64}$/.test(name) ? [path] : containerCgroups(path);
  });
}

const APPLETS =
  "sh true false cat echo sleep ls id stty tty mount ps env dd head yes touch mkdir hostname ip ping wget nc httpd grep wc kill tr md5sum tee chmod chown ln rm stat unshare nslookup tail date seq".split(
    " ",
  );

export async function importBusybox(
  images: ImageService,
  reference = "busybox",
  config: ImageRuntimeConfig = {},
  more: { entry: TarEntry; data?: Buffer }[] = [],
): Promise<void> {
  const busybox = readFileSync("/usr/bin/busybox");
  const file = (name: string, data: Buffer, mode = 0o644) => ({
    entry: tarEntry({ name, type: "file", mode, sizeBytes: data.length }),
    data,
  });
  const directory = (name: string, mode = 0o755) => ({ entry: tarEntry({ name, type: "directory", mode }) });
  const members: { entry: TarEntry; data?: Buffer }[] = [
    directory("bin"),
    directory("tmp", 0o1777),
    directory("etc"),
    directory("root", 0o700),
    file("bin/busybox", busybox, 0o755),
    ...APPLETS.map((name) => ({
      entry: tarEntry({ name: `bin/${name}`, type: "symlink", linkName: "busybox" }),
    })),
    file(
      "etc/passwd",
      Buffer.from("root:x:0:0:root:/root:/bin/sh\ndave:x:1000:1001:Dave:/home/dave:/bin/sh\n"),
    ),
    file("etc/group", Buffer.from("root:x:0:\ndave:x:1001:\nstaff:x:50:dave\n")),
    ...more,
  ];
  const pieces = members.flatMap(({ entry, data }) => [
    encodeTarHeader(entry),
    ...(data ? [data, tarPadding(data.length)] : []),
  ]);
  await images.importRootfs(Readable.from([...pieces, TAR_END]), {
    reference,
    config: { Env: ["PATH=/bin:/usr/bin"], Cmd: ["sh"], ...config },
  });
}
