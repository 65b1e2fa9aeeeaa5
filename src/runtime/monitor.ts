import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fairTurn, GantryError, invalidArgument, readAll } from "../base/index.ts";
import { withPrivateMountNamespace } from "../kernel/index.ts";
import { createFailure } from "./failure.ts";
import type { OciMount } from "./oci-spec.ts";
import { mountRootfs } from "./rootfs-mount.ts";
import { isSharedMount } from "./spec/index.ts";
import { writeSpecFile } from "./spec-file.ts";
import type { CreateOptions, RuntimeInfo } from "./types.ts";

export interface MonitorPaths {
  runtime: RuntimeInfo;
  /** The runtime's own state. */
  runtimeRoot: string;
  exitDir: string;
  /** Empty directory where the container's monitor, and nobody else, finds the mounts that are shared with the host. */
  sharedDir: string;
  /** Where the monitor makes its short-lived console socket. */
  temporaryDir: string;
}

export interface Monitored {
  pid: number;
  monitorPid: number;
}

/**
 * Mounts the root, writes config.json and spawns conmon, which makes the container with the runtime and stays as its
 * parent: all in one private mount namespace, which lives as long as they do.
 */
export async function spawnMonitor(options: CreateOptions, paths: MonitorPaths): Promise<Monitored> {
  if (options.logPath.includes(":")) {
    throw invalidArgument(`the log's path must not hold a colon: ${options.logPath}`, {
      code: "Runtime.LogPath",
    });
  }
  let command = "";
  const shared = { paths: options.sharedSources ?? [], dir: paths.sharedDir };
  const start = () => {
    mountRootfs(options.rootfs, options.rootfsDir);
    const spec = options.buildSpec(options.rootfsDir);
    bindShared(spec.mounts, shared);
    command = spec.process.args[0] ?? "";
    writeSpecFile(join(options.bundleDir, "config.json"), spec);
    return spawn(paths.runtime.conmonPath, monitorArguments(options, paths), {
      cwd: options.bundleDir,
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        TZ: "UTC",
        TMPDIR: paths.temporaryDir,
        _OCI_SYNCPIPE: "3",
      },
    });
  };
  await fairTurn();
  const child = withPrivateMountNamespace(start, { shared });
  const { pid, message } = await readSync(child);
  if (pid > 0) {
    return { pid, monitorPid: Number(readFileSync(join(options.bundleDir, "conmon.pid"), "utf8")) };
  }
  throw createFailure(paths.runtime.name, message, command);
}

/** The namespace's own mounts have left the host's groups; only the copies in `dir` are still in them. */
function bindShared(mounts: OciMount[], shared: { paths: readonly string[]; dir: string }): void {
  for (const mount of mounts) {
    const index = shared.paths.indexOf(mount.source ?? "");
    if (index >= 0 && isSharedMount(mount)) mount.source = join(shared.dir, String(index));
  }
}

function monitorArguments(options: CreateOptions, paths: MonitorPaths): string[] {
  const args = [
    ...["--api-version", "1", "--cid", options.id, "--cuuid", options.id, "--name", options.id],
    ...["--bundle", options.bundleDir, "--full-attach", "--persist-dir", options.bundleDir],
    ...["--runtime", paths.runtime.path, "--runtime-arg=--root", `--runtime-arg=${paths.runtimeRoot}`],
    ...["--conmon-pidfile", join(options.bundleDir, "conmon.pid")],
    ...["--container-pidfile", join(options.bundleDir, "container.pid")],
    ...["--log-path", `k8s-file:${options.logPath}`, "--exit-dir", paths.exitDir, "--log-level", "error"],
    // An fsync of the log takes longer than all the rest of an exit.
    "--no-sync-log",
  ];
  if (options.terminal) args.push("--terminal");
  if (options.openStdin) args.push("--stdin");
  if (options.leaveStdinOpen) args.push("--leave-stdin-open");
  return args;
}

/** The monitor says in one JSON line that the container is made, or why not. */
async function readSync(child: ChildProcess): Promise<{ pid: number; message: string }> {
  const spawnError = new Promise<never>((_, reject) => child.once("error", reject));
  const closed = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const errors = readAll(child.stderr!, 1024 * 1024).catch(() => Buffer.alloc(0));
  let line: string;
  try {
    line = await Promise.race([firstLine(child.stdio[3] as Readable), spawnError]);
    await Promise.race([closed, spawnError]);
  } catch (error) {
    throw new GantryError("Internal", `cannot run the container monitor: ${(error as Error).message}`, {
      code: "Runtime.Monitor",
      cause: error,
    });
  }
  const answer = parseAnswer(line);
  if (answer && answer.data > 0) {
    // The daemon keeps its copy of the pipe: this end shall not wait for it.
    child.stdio[3]?.destroy();
    child.stderr?.destroy();
    return { pid: answer.data, message: "" };
  }
  return { pid: -1, message: answer?.message ?? (await errors).toString() };
}

function parseAnswer(line: string): { data: number; message?: string } | undefined {
  try {
    const value = JSON.parse(line) as { data?: unknown; message?: string };
    return typeof value.data === "number" ? { data: value.data, message: value.message } : undefined;
  } catch {
    return undefined;
  }
}

async function firstLine(stream: Readable): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    const finish = () => resolve(text);
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) finish();
    });
    stream.once("end", finish);
    stream.once("error", finish);
    stream.once("close", finish);
  });
}
