import { GantryError } from "../base/index.ts";
import { errnoError, koffi, libc } from "./libc.ts";
import { MountFlag } from "./mount.ts";

const SILENT = 32768;
const UNBINDABLE = 1 << 17;
const { BIND, REC, PRIVATE, SLAVE, SHARED, RDONLY, REMOUNT, NOSUID, NODEV, NOEXEC, NOATIME, RELATIME } =
  MountFlag;
const PROPAGATION = SHARED | PRIVATE | SLAVE | UNBINDABLE;

/** Options of mount(8) that are flags of mount(2), and whether they clear it. What is not here is the file system's own. */
const FLAGS: Record<string, readonly [flag: number, clears?: boolean]> = {
  ro: [RDONLY],
  rw: [RDONLY, true],
  nosuid: [NOSUID],
  suid: [NOSUID, true],
  nodev: [NODEV],
  dev: [NODEV, true],
  noexec: [NOEXEC],
  exec: [NOEXEC, true],
  sync: [16],
  async: [16, true],
  dirsync: [128],
  remount: [REMOUNT],
  mand: [64],
  nomand: [64, true],
  noatime: [NOATIME],
  atime: [NOATIME, true],
  nodiratime: [2048],
  diratime: [2048, true],
  bind: [BIND],
  rbind: [BIND | REC],
  unbindable: [UNBINDABLE],
  runbindable: [UNBINDABLE | REC],
  private: [PRIVATE],
  rprivate: [PRIVATE | REC],
  shared: [SHARED],
  rshared: [SHARED | REC],
  slave: [SLAVE],
  rslave: [SLAVE | REC],
  relatime: [RELATIME],
  norelatime: [RELATIME, true],
  strictatime: [1 << 24],
  nostrictatime: [1 << 24, true],
};

export interface MountWords {
  flags: number;
  /** For the file system, comma-separated. */
  data: string;
}

/** `ro,noatime,addr=10.0.0.1` as mount(2) takes it. */
export function parseMountOptions(text: string): MountWords {
  let flags = 0;
  const data: string[] = [];
  for (const option of text.split(",").filter(Boolean)) {
    const known = Object.hasOwn(FLAGS, option) ? FLAGS[option] : undefined;
    if (!known) data.push(option);
    else if (known[1]) flags &= ~known[0];
    else flags |= known[0];
  }
  return { flags, data: data.join(",") };
}

/**
 * Mounts what an administrator describes by device, type and options; on a thread of its own, for a server on the network
 * may be long in answering. A read-only bind is made so in a second step, and so is propagation. An error's
 * `details.call` has the failing call's words.
 */
export async function mountDescribed(
  device: string,
  target: string,
  type: string,
  options: string,
): Promise<void> {
  const { flags, data } = parseMountOptions(options);
  const own = flags & ~PROPAGATION;
  await call("mount", { device, target, type, flags: own, data });
  if (flags & PROPAGATION) {
    const propagation = flags & (PROPAGATION | REC | SILENT);
    await call("remount", { device: "", target, type: "", flags: propagation, data: "" });
  }
  if ((own & (BIND | RDONLY)) === (BIND | RDONLY)) {
    await call("remount-ro", { device: "", target, type: "", flags: own | REMOUNT, data: "" });
  }
}

interface MountCall extends MountWords {
  device: string;
  target: string;
  type: string;
}

function call(operation: string, { device, target, type, flags, data }: MountCall): Promise<void> {
  return new Promise((resolve, reject) => {
    libc().mount.async(device, target, type, flags, data, (error, result) => {
      if (error) return reject(error);
      if (result >= 0) return resolve();
      const words = [
        `${operation} ${device ? `${device}:` : ""}${target}`,
        ...(flags ? [`flags: 0x${flags.toString(16)}`] : []),
        ...(data ? [`data: ${data}`] : []),
      ].join(", ");
      const { errno } = errnoError(koffi().errno(), words).details!;
      // Whatever the kernel's word for it: what was described cannot be mounted.
      reject(
        new GantryError("Internal", `${words}: ${errno}`, {
          code: "Kernel.Mount",
          details: { errno, call: words },
        }),
      );
    });
  });
}
