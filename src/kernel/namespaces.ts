import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, hasErrno, libc } from "./libc.ts";
import { setLinkUp } from "./links.ts";
import { MountFlag, mount, unmount } from "./mount.ts";
import { withNamespaceScope } from "./namespace-scope.ts";

export type PinnableNamespace = "net" | "ipc" | "uts";

const CLONE_FLAG: Record<PinnableNamespace, number> = {
  net: 0x40000000,
  ipc: 0x08000000,
  uts: 0x04000000,
};

export interface PinOptions {
  hostname?: string;
  domainname?: string;
  /** Brings the new network namespace's `lo` up; true if absent. */
  loopbackUp?: boolean;
}

/**
 * Makes new namespaces that live without a process: each is bound to a file `dir/<type>`. They outlive this program,
 * and end with `unpinNamespaces` once no process is in them. Returns the files.
 */
export function pinNamespaces<T extends PinnableNamespace>(
  dir: string,
  types: readonly T[],
  options: PinOptions = {},
): Record<T, string> {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const paths = {} as Record<T, string>;
  for (const type of types) {
    paths[type] = join(dir, type);
    writeFileSync(paths[type], "");
  }
  const flags = types.reduce((sum, type) => sum | CLONE_FLAG[type], 0);
  try {
    inNewNamespaces(types, flags, () => {
      if (types.includes("uts" as T)) nameHost(options);
      if (types.includes("net" as T) && options.loopbackUp !== false) setLinkUp("lo");
      for (const type of types) mount(`/proc/thread-self/ns/${type}`, paths[type], null, MountFlag.BIND);
    });
  } catch (error) {
    unpinNamespaces(dir);
    throw error;
  }
  return paths;
}

function nameHost({ hostname, domainname }: PinOptions): void {
  if (hostname) check(libc().sethostname(hostname, Buffer.byteLength(hostname)), "sethostname", { hostname });
  if (domainname) check(libc().setdomainname(domainname, Buffer.byteLength(domainname)), "setdomainname");
}

function inNewNamespaces(types: readonly PinnableNamespace[], flags: number, fn: () => void): void {
  const homes = types.map((type) => ({ type, fd: openSync(`/proc/thread-self/ns/${type}`, "r") }));
  try {
    check(libc().unshare(flags), "unshare", { types });
    try {
      withNamespaceScope(fn);
    } finally {
      for (const { type, fd } of homes) check(libc().setns(fd, CLONE_FLAG[type]), `setns back (${type})`);
    }
  } finally {
    for (const { fd } of homes) closeSync(fd);
  }
}

/** Undoes `pinNamespaces`; fine when there is nothing (left). */
export function unpinNamespaces(dir: string): void {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return;
  }
  for (const name of names.filter((entry) => entry in CLONE_FLAG)) {
    const path = join(dir, name);
    try {
      unmount(path, { detach: true });
    } catch (error) {
      if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
    }
    rmSync(path, { force: true });
  }
  try {
    rmdirSync(dir);
  } catch {
    // Something else lives in it: not ours to remove.
  }
}

/**
 * Runs `fn` with this thread inside the network namespace at `path` (a pinned file or `/proc/<pid>/ns/net`).
 * Synchronous on purpose; sockets opened inside stay there afterwards.
 */
export function inNetworkNamespace<T>(path: string, fn: () => T): T {
  const target = openSync(path, "r");
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    check(libc().setns(target, CLONE_FLAG.net), `enter network namespace ${path}`, { path });
    try {
      return withNamespaceScope(fn);
    } finally {
      check(libc().setns(home, CLONE_FLAG.net), "setns back (net)");
    }
  } finally {
    closeSync(home);
    closeSync(target);
  }
}
