import { statSync } from "node:fs";
import { invalidArgument, notImplemented } from "../../base/index.ts";

/** `--ssh`: `default` or `ID[=SOCKET]`. Returns sockets by id. Keys in files would make this program an agent, which it is not. */
export function agentSockets(
  texts: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const sockets = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const id = (equals < 0 ? text : text.slice(0, equals)) || "default";
    const given = equals < 0 ? "" : text.slice(equals + 1);
    if (sockets.has(id)) throw invalidArgument(`duplicate agent ID ${JSON.stringify(id)}`);
    const socket = given.split(",")[0] || environment.SSH_AUTH_SOCK;
    if (!socket) throw invalidArgument(`invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set`);
    const found = statSync(socket, { throwIfNoEntry: false });
    if (!found)
      throw invalidArgument(
        `failed to convert agent config for ID: ${JSON.stringify(id)}: stat ${socket}: no such file or directory`,
      );
    if (!found.isSocket())
      throw notImplemented(
        `--ssh takes sockets of agents: keys in files (${socket}) are not supported; add the key to an agent with ssh-add`,
      );
    sockets.set(id, socket);
  }
  return sockets;
}
