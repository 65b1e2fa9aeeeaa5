import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { localGroup, tcpSocketOwner } from "../kernel/index.ts";

/** Says who may change what the registry holds. */
export type WriteAuthorizer = (req: IncomingMessage) => Promise<boolean>;

/**
 * Root, the program's own user and the members of a group: those who may use the Docker socket. They are told by the uid
 * of the client's end of a loopback connection, so nobody needs a password on the own machine.
 */
export function localWriters(group: string): WriteAuthorizer {
  return async ({ socket }) => {
    const { remoteAddress, remotePort, localPort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || localPort === undefined) return false;
    const address = remoteAddress.replace(/^::ffff:/, "");
    if (!address.startsWith("127.")) return false;
    const uid = await tcpSocketOwner({ address, port: remotePort }, localPort);
    if (uid === undefined) return false;
    return uid === 0 || uid === process.geteuid?.() || (await isMember(uid, group));
  };
}

/** By the machine's own files (passwd(5), group(5)); members that only a directory server knows are not found. */
async function isMember(uid: number, name: string): Promise<boolean> {
  const group = await localGroup(name);
  if (group === undefined) return false;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  return users.some(
    ([user, , id, primary]) =>
      Number(id) === uid && (primary === String(group.gid) || group.members.includes(user!)),
  );
}
