import { readFile } from "node:fs/promises";

/** TCP_ESTABLISHED of linux/tcp_states.h, as /proc/net/tcp writes it. */
const ESTABLISHED = "01";

/**
 * The user whose socket has this IPv4 address on this machine and is connected to `remotePort` (proc(5), /proc/net/tcp);
 * undefined where there is none. A socket that its process has closed belongs to nobody: the kernel says 0 of it, which
 * is not root.
 */
export async function tcpSocketOwner(
  local: { address: string; port: number },
  remotePort: number,
): Promise<number | undefined> {
  const localText = `${hexAddress(local.address)}:${hexPort(local.port)}`;
  const remoteSuffix = `:${hexPort(remotePort)}`;
  // Of the reading thread: the main one may be in a container's network namespace for a moment.
  const table = await readFile("/proc/thread-self/net/tcp", "latin1");
  for (const line of table.split("\n")) {
    const [, from, to, state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (from !== localText || !to?.endsWith(remoteSuffix)) continue;
    return state === ESTABLISHED && inode !== "0" ? Number(uid) : undefined;
  }
  return undefined;
}

/** Host byte order, which is little-endian on every machine that Node 24 runs on. */
function hexAddress(address: string): string {
  return address.split(".").reverse().map(Number).map(hexByte).join("");
}

const hexByte = (value: number) => value.toString(16).toUpperCase().padStart(2, "0");
const hexPort = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
