import { Writable } from "node:stream";
import type { CreateContainerRequest, Engine } from "../engine/types.ts";
import type { RunExecutor, RunOutcome, RunRequest } from "./types.ts";

export type RunEngine = Pick<
  Engine,
  | "createContainer"
  | "attachContainer"
  | "startContainer"
  | "waitContainer"
  | "killContainer"
  | "removeContainer"
  | "inspectContainer"
>;

/** Exit code of what SIGKILL has ended. */
const KILLED = 137;

/** Runs build steps as containers of the engine. A container's snapshot has its id for key. */
export function createEngineRunExecutor(engine: RunEngine): RunExecutor {
  return { run: (request) => runInContainer(engine, request) };
}

async function runInContainer(engine: RunEngine, request: RunRequest): Promise<RunOutcome> {
  const { id } = await engine.createContainer(containerRequest(request));
  const dispose = () => engine.removeContainer(id, { force: true, removeVolumes: true });
  const kill = () => void engine.killContainer(id, "SIGKILL").catch(() => {});
  try {
    await request.onCreated();
    request.signal.throwIfAborted();
    request.signal.addEventListener("abort", kill, { once: true });
    const exitCode = await attachAndRun(engine, id, request);
    const isOutOfMemory = exitCode === KILLED && (await engine.inspectContainer(id)).State.OOMKilled;
    return { exitCode, isOutOfMemory, snapshotKey: id, containerId: id, dispose };
  } catch (error) {
    await dispose().catch(() => {});
    throw error;
  } finally {
    request.signal.removeEventListener("abort", kill);
  }
}

async function attachAndRun(engine: RunEngine, id: string, request: RunRequest): Promise<number> {
  const attached = Promise.withResolvers<void>();
  const ended = new AbortController();
  const streaming = engine.attachContainer(
    id,
    { stdout: sink(request, "stdout"), stderr: sink(request, "stderr") },
    { stream: true, signal: ended.signal, onAttached: () => attached.resolve() },
  );
  streaming.catch((error) => attached.reject(error));
  try {
    await attached.promise;
    const exit = engine.waitContainer(id, "next-exit");
    exit.catch(() => {});
    await engine.startContainer(id);
    const { exitCode } = await exit;
    await streaming;
    return exitCode;
  } catch (error) {
    ended.abort();
    throw error;
  }
}

function sink(request: RunRequest, stream: "stdout" | "stderr"): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      Promise.resolve(request.output(stream, chunk)).then(() => done(), done);
    },
  });
}

function containerRequest(request: RunRequest): CreateContainerRequest {
  const { limits = {}, base } = request;
  const layers = typeof base === "string" ? undefined : base.layers;
  return {
    id: request.containerId,
    config: {
      Image: typeof base === "string" ? base : "",
      Cmd: [...request.argv],
      // Empty, not absent: the image's own must not come in.
      Entrypoint: [],
      Env: [...request.env],
      WorkingDir: request.workingDir,
      User: request.user,
      Hostname: request.hostname || undefined,
      Volumes: request.volumes ?? undefined,
      Healthcheck: { Test: ["NONE"] },
      AttachStdout: true,
      AttachStderr: true,
    },
    hostConfig: {
      NetworkMode: request.networkMode || "default",
      ExtraHosts: request.extraHosts ? [...request.extraHosts] : undefined,
      ReadonlyRootfs: request.readonlyRoot,
      Privileged: request.privileged,
      Memory: limits.memory,
      MemorySwap: limits.memorySwap,
      CpuShares: limits.cpuShares,
      CpuPeriod: limits.cpuPeriod,
      CpuQuota: limits.cpuQuota,
      CpusetCpus: limits.cpusetCpus,
      ShmSize: limits.shmSize,
      Ulimits: limits.ulimits,
      CgroupParent: limits.cgroupParent,
      Tmpfs: request.tmpfs ? { ...request.tmpfs } : undefined,
    },
    internal: {
      ...(layers ? { owner: "build", layers } : { owner: "docker" }),
      mounts: request.mounts?.map((mount) => ({ ...mount })),
    },
  };
}
