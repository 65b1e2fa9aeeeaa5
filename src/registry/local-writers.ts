import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tcpSocketOwner } from "../kernel/index.ts";

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
async function isMember(uid: number, group: string): Promise<boolean> {
  const [users, groups] = await Promise.all([rowsOf("/etc/passwd"), rowsOf("/etc/group")]);
  const [, , gid, members] = groups.find(([name]) => name === group) ?? [];
  if (gid === undefined) return false;
  const names = members?.split(",") ?? [];
  return users.some(
    ([name, , id, primary]) => Number(id) === uid && (primary === gid || names.includes(name!)),
  );
}

async function rowsOf(path: string): Promise<string[][]> {
  const text = await readFile(path, "utf8");
  return text.split("\n").map((line) => line.split(":"));
}
