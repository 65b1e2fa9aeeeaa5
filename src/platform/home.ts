import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, GantryError, presentOrUndefined, readRecordSync } from "../base/index.ts";
import { alreadyRunning, callControl, makeHome, type PlatformStatus } from "../cli/index.ts";
import { isSameProcess, processIdentity } from "../kernel/index.ts";

/** Where everything of one instance lies; the picture is docs/disk-layout.md. */
export interface HomeLayout {
  home: string;
  dockerSocket: string;
  controlSocket: string;
  kubeconfig: string;
  store: string;
  content: string;
  images: string;
  registry: string;
  containers: string;
  volumes: string;
  network: string;
  cri: string;
  kubelet: string;
  podLogs: string;
  logs: string;
  pki: string;
  build: string;
  run: string;
}

export function homeLayout(home: string): HomeLayout {
  const at = (...parts: string[]) => join(home, ...parts);
  return {
    home,
    dockerSocket: at("docker.sock"),
    controlSocket: at("gantry.sock"),
    kubeconfig: at("kubeconfig"),
    store: at("store"),
    content: at("content"),
    images: at("images"),
    registry: at("registry"),
    containers: at("containers"),
    volumes: at("volumes"),
    network: at("network"),
    cri: at("cri"),
    kubelet: at("kubelet"),
    podLogs: at("logs", "pods"),
    logs: at("logs"),
    pki: at("pki"),
    build: at("build"),
    run: at("run"),
  };
}

/** A Unix socket's path has 107 bytes; the longest below a home is that of a terminal, `run/exec/<16 hex>/tty`. */
const MAX_HOME_BYTES = 107 - "/run/exec/0123456789abcdef/tty".length;

/** Makes the home, or says in one sentence why it cannot serve. */
export function prepareHome(layout: HomeLayout): void {
  const { home } = layout;
  if (process.getuid?.() !== 0) {
    throw new GantryError(
      "PermissionDenied",
      "Gantry needs root: it makes namespaces, mounts and firewall rules",
      { code: "Platform.NotRoot", hint: "run it with sudo" },
    );
  }
  if (Buffer.byteLength(home) > MAX_HOME_BYTES || home.includes(":")) {
    throw new GantryError(
      "InvalidArgument",
      `the path ${home} cannot be a home: it is too long for Unix sockets or has a colon`,
      {
        code: "Platform.UnusableHome",
        hint: `choose one of at most ${MAX_HOME_BYTES} bytes without a colon`,
      },
    );
  }
  makeHome(home);
  for (const dir of [layout.run, layout.logs]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(layout.run, 0o711);
}

/**
 * Takes the home for this process. A process id alone proves nothing after a reboot, so the lock also holds the start time;
 * a lock left by a killed process is taken over.
 */
export async function lockHome(layout: HomeLayout): Promise<() => void> {
  const path = join(layout.run, "lock");
  const own = processIdentity(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const fd = openSync(path, "wx", 0o600);
      writeSync(fd, JSON.stringify({ pid: process.pid, startTime: own?.startTime }));
      fsyncSync(fd);
      closeSync(fd);
      return () => unlinkSync(path);
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") throw error;
    }
    const holder = readLock(path);
    if (holder && isSameProcess(holder.pid, holder.startTime)) throw alreadyRunning(layout.home, holder.pid);
    unlinkSync(path);
  }
  throw new GantryError("Unavailable", `cannot take the lock ${path}`, { hint: "try again" });
}

function readLock(path: string): { pid: number; startTime: number } | undefined {
  return presentOrUndefined(readRecordSync(path));
}

/** Refuses when a program answers on this home, whatever its lock says. */
export async function assertNothingRuns(home: string): Promise<void> {
  const running = await callControl<PlatformStatus>(home, "GET", "/status").catch(() => undefined);
  if (running) throw alreadyRunning(home, running.pid);
}
