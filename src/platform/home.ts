import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { diskError, errnoCode, GantryError, readRecordSync, systemClock } from "../base/index.ts";
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
  known: string;
  persistentVolumes: string;
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
    known: at("known"),
    persistentVolumes: at("persistent-volumes"),
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
  assertUsableHome(home);
  makeHome(home);
  for (const dir of [layout.run, layout.logs]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(layout.run, 0o711);
}

/** Throws InvalidArgument for a path that no home can have. */
export function assertUsableHome(home: string): void {
  if (Buffer.byteLength(home) <= MAX_HOME_BYTES && !home.includes(":")) return;
  throw new GantryError(
    "InvalidArgument",
    `the path ${home} cannot be a home: it is too long for Unix sockets or has a colon`,
    {
      code: "Platform.UnusableHome",
      hint: `choose one of at most ${MAX_HOME_BYTES} bytes without a colon`,
    },
  );
}

/**
 * Takes the home for this process. A process id alone proves nothing after a reboot, so the lock also holds the start time;
 * a lock left by a killed process is taken over.
 */
export async function lockHome(layout: HomeLayout): Promise<() => void> {
  const path = join(layout.run, "lock");
  for (let attempt = 0; attempt < 5; attempt++) {
    if (takeLock(path)) return () => unlinkSync(path);
    const lock = readRecordSync<{ pid: number; startTime: number }>(path);
    if (lock.state === "unreadable") throw lock.error;
    if (lock.state === "present" && isSameProcess(lock.record.pid, lock.record.startTime))
      throw alreadyRunning(layout.home, lock.record.pid);
    // One that is not whole may be that of a program which is just writing it.
    if (lock.state === "damaged" && attempt < 3) await systemClock.sleep(100);
    else rmSync(path, { force: true });
  }
  throw new GantryError("Unavailable", `cannot take the lock ${path}`, { hint: "try again" });
}

/** False when there is one. */
function takeLock(path: string): boolean {
  const own = processIdentity(process.pid);
  try {
    const fd = openSync(path, "wx", 0o600);
    try {
      writeSync(fd, JSON.stringify({ pid: process.pid, startTime: own?.startTime }));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return true;
  } catch (error) {
    if (errnoCode(error) === "EEXIST") return false;
    // Half a lock would keep others waiting.
    rmSync(path, { force: true });
    throw diskError(error, `write ${path}`) ?? error;
  }
}

/** Refuses when a program answers on this home, whatever its lock says. */
export async function assertNothingRuns(home: string): Promise<void> {
  const running = await callControl<PlatformStatus>(home, "GET", "/status").catch(() => undefined);
  if (running) throw alreadyRunning(home, running.pid);
}
