import { statfsSync, statSync } from "node:fs";
import { posix } from "node:path";
import { GantryError } from "../../base/index.ts";
import { type MountInfo, RootedTree, resolveInRoot } from "../../kernel/index.ts";
import type { OciMount, OciSpec } from "../oci-spec.ts";

/** What may be mounted over inside /proc, as runc has it: files of which lxcfs gives containers their own. */
const ALLOWED_IN_PROC: ReadonlySet<string> = new Set([
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/uptime",
  "/proc/loadavg",
  "/proc/slabinfo",
  "/proc/net/dev",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/crypto/fips_enabled",
]);
const PROC_SUPER_MAGIC = 0x9fa0;
const PROC_ROOT_INODE = 1;

/**
 * Refuses mounts that would hide /proc from a container, also through links of its image: a process must be able to trust
 * it (CVE-2019-16884). Where a link leads to a place that is not there, it is made. Called with the root mounted.
 */
export function prepareMountPoints(rootfsDir: string, mounts: readonly OciMount[]): void {
  for (const mount of mounts) {
    const path = `/${posix.relative(rootfsDir, resolveInRoot(rootfsDir, mount.destination))}`;
    assertOutsideProc(mount, path);
    if (path !== posix.normalize(mount.destination)) makeParents(rootfsDir, path);
  }
}

function assertOutsideProc(mount: OciMount, path: string): void {
  if (path === "/proc") {
    if (!isProcRoot(mount))
      throw unsafe(mount, `${JSON.stringify(path)} cannot be mounted because it is not of type proc`);
  } else if (path.startsWith("/proc/") && !ALLOWED_IN_PROC.has(path)) {
    throw unsafe(mount, insideProc(path));
  }
}

const insideProc = (path: string) => `${JSON.stringify(path)} cannot be mounted because it is inside /proc`;

function isProcRoot({ type, source = "" }: OciMount): boolean {
  if (type !== "bind") return type === "proc";
  try {
    return statfsSync(source).type === PROC_SUPER_MAGIC && statSync(source).ino === PROC_ROOT_INODE;
  } catch {
    return false;
  }
}

function makeParents(rootfsDir: string, path: string): void {
  const tree = new RootedTree(rootfsDir);
  try {
    tree.directory(posix.dirname(path).split("/").filter(Boolean), 0o755);
  } finally {
    tree.close();
  }
}

function unsafe({ source = "", destination }: OciMount, reason: string): GantryError {
  return unsafeMount(
    `error mounting ${JSON.stringify(source)} to rootfs at ${JSON.stringify(destination)}: create mountpoint for ` +
      `${destination} mount: check proc-safety of ${destination} mount: ${reason}`,
  );
}

function unsafeMount(reason: string): GantryError {
  return new GantryError(
    "InvalidArgument",
    "failed to create task for container: failed to create shim task: OCI runtime create failed: unable to start " +
      `container process: error during container init: ${reason}: unknown`,
    { code: "Runtime.UnsafeMount" },
  );
}

/**
 * The same, asked of a container that was made and has a mount inside of another: a third one may have put links into a
 * volume that both have while the runtime went through it. `mountsOf` tells what the container has mounted.
 */
export function assertProcIntact(spec: OciSpec, mountsOf: () => readonly MountInfo[]): void {
  if (!hasMountInMount(spec.mounts)) return;
  const { maskedPaths = [], readonlyPaths = [] } = spec.linux;
  const expected = new Set([...maskedPaths, ...readonlyPaths]);
  for (const { mountPoint, fsType } of mountsOf()) {
    const isWrong =
      mountPoint === "/proc"
        ? fsType !== "proc"
        : mountPoint.startsWith("/proc/") && !ALLOWED_IN_PROC.has(mountPoint) && !expected.has(mountPoint);
    if (isWrong) throw unsafeMount(insideProc(mountPoint));
  }
}

function hasMountInMount(mounts: readonly OciMount[]): boolean {
  const own = mounts
    .map((mount) => mount.destination)
    .filter((path) => !/^\/(proc|sys|dev)(\/|$)/.test(path));
  return own.some((path) => own.some((outer) => path.startsWith(`${outer}/`)));
}
