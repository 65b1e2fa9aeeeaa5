import * as fs from "node:fs";
import { join } from "node:path";
import { GantryError, notFound, silentLogger } from "../../base/index.ts";
import {
  archiveOf,
  type Files,
  openTestHouse,
  type TestHouse,
} from "../../images/test-images.test-support.ts";
import { openMountedRoot } from "../../runtime/index.ts";
import { DefinitionBuilder, type LlbOutput, type OutgoingMetadata, type OutgoingOp } from "../llb/index.ts";
import type { ClientSession, FileEntry, FileSyncRequest } from "../session/types.ts";
import type { RunRequest } from "../types.ts";
import { walkTree } from "../walk-tree.ts";
import { createSolver, type LocalSolver } from "./solver.ts";
import type {
  BuildTree,
  JobOptions,
  LogEvent,
  SolveEvent,
  SolveJob,
  Solver,
  StatusEvent,
  VertexEvent,
} from "./types.ts";

/** What a command does to a root; the fake of a container. Returns its exit code. */
export type Command = (root: string, request: RunRequest) => Promise<number> | number;

export interface SolverHouse {
  house: TestHouse;
  solver: LocalSolver;
  /** Command lines that were run, in order. */
  runs: string[];
  /** By the command line's first word. */
  commands: Record<string, Command>;
  /** As after a restart. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openSolverHouse(
  options: Parameters<typeof openTestHouse>[0] = {},
): Promise<SolverHouse> {
  const house = await openTestHouse(options);
  const own: SolverHouse = {
    house,
    solver: undefined as never,
    runs: [],
    commands: {
      write: (root, { argv: [, path = "", text = ""] }) => {
        fs.writeFileSync(join(root, path), text);
        return 0;
      },
      fail: (_root, { argv: [, code = "1"] }) => Number(code),
    },
    reopen: async () => {
      await own.solver?.close();
      await house.reopen();
      own.solver = await openSolver(own);
    },
    close: async () => {
      await own.solver.close();
      house.remove();
    },
  };
  own.solver = await openSolver(own);
  return own;
}

async function openSolver(own: SolverHouse): Promise<LocalSolver> {
  const { images } = own.house;
  const solver = createSolver({
    stateDir: join(own.house.dir, "solver"),
    images,
    executor: {
      run: async (request) => {
        const { containerId } = request;
        own.runs.push(request.argv.join(" "));
        await request.onCreated();
        const rootfs = await images.prepareSnapshot(containerId, request.base);
        const root = openMountedRoot(rootfs, fs.mkdtempSync(join(own.house.dir, "run-")));
        const dispose = () => images.removeSnapshot(containerId);
        try {
          const command = own.commands[request.argv[0]!];
          if (!command) throw new GantryError("Internal", `no such command in this test: ${request.argv[0]}`);
          const exitCode = await command(root.path, request);
          return { exitCode, containerId, snapshotKey: containerId, dispose };
        } catch (error) {
          root.close();
          await dispose();
          throw error;
        } finally {
          root.close();
        }
      },
    },
    removeContainer: async () => {},
    logger: silentLogger,
  });
  await solver.open();
  return solver;
}

/** Imports an image of these files under a name. */
export async function importImage({ house }: SolverHouse, files: Files, reference: string): Promise<void> {
  await house.images.importRootfs(archiveOf(files), { reference });
}

export interface TestSession extends ClientSession {
  /** Paths of files whose content was read. */
  reads: string[];
}

/** A client whose only directory is this one, whatever name it is asked for. */
export function sessionOf(dir: string, more: Partial<ClientSession> = {}): TestSession {
  const reads: string[] = [];
  return {
    id: "session",
    sharedKey: dir,
    signal: new AbortController().signal,
    reads,
    openFiles: async (request) => fileSync(dir, request, reads),
    credentials: async () => undefined,
    secret: async () => undefined,
    sshAgent: async () => undefined,
    sendFile: async () => {
      throw notFound("no exporter");
    },
    sendTree: async () => {
      throw notFound("no exporter");
    },
    ...more,
  };
}

function fileSync(dir: string, { excludePatterns }: FileSyncRequest, reads: string[]) {
  return {
    async *entries() {
      for (const { path, at, stat } of walkTree(dir))
        if (!excludePatterns.some((one) => path === one || path.startsWith(`${one}/`)))
          yield entryOf(path, at, stat);
    },
    async *read(path: string) {
      reads.push(path);
      yield fs.readFileSync(join(dir, path));
    },
    close: async () => {},
  };
}

function entryOf(path: string, at: string, stat: fs.Stats): FileEntry {
  return {
    path,
    mode: stat.mode,
    uid: 0,
    gid: 0,
    sizeBytes: stat.isFile() ? stat.size : 0,
    mtimeNs: BigInt(Math.round(stat.mtimeMs * 1e6)),
    linkName: stat.isSymbolicLink() ? fs.readlinkSync(at) : "",
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: {},
  };
}

/** Definitions for tests, in few words. */
export class TestGraph {
  readonly builder = new DefinitionBuilder();

  add(op: OutgoingOp, metadata: OutgoingMetadata = {}): LlbOutput {
    return this.builder.add(op, metadata);
  }

  image(reference: string): LlbOutput {
    return this.add({ source: { identifier: `docker-image://${reference}` } });
  }

  local(name = "context", attrs: Record<string, string> = {}): LlbOutput {
    return this.add({ source: { identifier: `local://${name}`, attrs } });
  }

  run(
    root: LlbOutput,
    argv: string[],
    options: { mounts?: object[]; inputs?: LlbOutput[]; op?: object; metadata?: OutgoingMetadata } = {},
  ): LlbOutput {
    return this.add(
      {
        inputs: [root, ...(options.inputs ?? [])],
        exec: {
          meta: { args: argv, cwd: "/" },
          mounts: [{ input: 0, dest: "/", output: 0 }, ...(options.mounts ?? [])],
          ...options.op,
        },
      },
      options.metadata,
    );
  }

  /** `from` may be undefined: then the base is empty. */
  copy(source: LlbOutput, base: LlbOutput | undefined, copy: object): LlbOutput {
    const inputs = base ? [base, source] : [source];
    return this.add({
      inputs,
      file: {
        actions: [
          {
            input: base ? 0 : -1,
            secondaryInput: base ? 1 : 0,
            output: 0,
            copy: { mode: -1, timestamp: -1, createDestPath: true, dirCopyContents: true, ...copy },
          },
        ],
      },
    });
  }
}

export interface TestJob extends SolveJob {
  events: SolveEvent[];
  /** Names of what ended without an error, with `CACHED` before those that were known. */
  done(): string[];
  logs(): string;
  statuses(): StatusEvent[];
  errors(): string[];
  get(graph: TestGraph, output: LlbOutput): Promise<BuildTree>;
}

export function startJob({ solver }: { solver: Solver }, options: Partial<JobOptions> = {}): TestJob {
  const events: SolveEvent[] = [];
  const job = solver.startJob({
    id: "job",
    session: undefined,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
    entitlements: [],
    ...options,
  }) as TestJob;
  const ended = () =>
    events.filter(
      (event): event is VertexEvent => event.kind === "vertex" && event.completedMs !== undefined,
    );
  job.events = events;
  job.done = () =>
    ended()
      .filter(({ error }) => error === "")
      .map(({ name, cached }) => (cached ? `CACHED ${name}` : name));
  job.errors = () =>
    ended()
      .map(({ error }) => error)
      .filter((error) => error !== "");
  job.logs = () =>
    events
      .filter((event): event is LogEvent => event.kind === "log")
      .map(({ data }) => data.toString())
      .join("");
  job.statuses = () => events.filter((event): event is StatusEvent => event.kind === "status");
  job.get = (graph, output) => job.solve(graph.builder.definitionOf(output));
  return job;
}

export async function textIn(tree: BuildTree, path: string): Promise<string> {
  return (await tree.readFile(path)).toString("utf8");
}
