import type { OciMount } from "../oci-spec.ts";

export interface DefaultMountOptions {
  privileged: boolean;
  /** `cgroup` namespace is the container's own; otherwise the mount shows the host's tree. */
  shmSizeBytes: number;
  /** A directory of another container's /dev/shm, or the host's. */
  shmSource?: string;
  /** The container's network is the host's: its sysfs may not be mounted anew. */
  hostNetwork?: boolean;
  hostIpc?: boolean;
  /** No shared memory at all. */
  noShm?: boolean;
}

export const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** /proc, /dev, /sys and what stands in them, in the order in which they are mounted. */
export function defaultMounts(options: DefaultMountOptions): OciMount[] {
  const access = options.privileged ? "rw" : "ro";
  return [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: ["nosuid", "noexec", "nodev", "relatime", access],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
    ...(options.noShm ? [] : [shmMount(options)]),
  ];
}

function shmMount(options: DefaultMountOptions): OciMount {
  const source = options.shmSource ?? (options.hostIpc ? "/dev/shm" : undefined);
  if (source !== undefined) {
    return {
      destination: "/dev/shm",
      type: "bind",
      source,
      options: ["rbind", "rw", "nosuid", "noexec", "nodev"],
    };
  }
  return {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", `size=${options.shmSizeBytes}`],
  };
}
