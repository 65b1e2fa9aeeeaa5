import { chmodSync, chownSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { errnoCode, GantryError } from "../base/index.ts";

/**
 * Port 0 takes a free port. `isShared`: others of this program may listen on it too, and the kernel shares the connections among all
 * (SO_REUSEPORT). A socket file gets mode 0660 when no mode is given, and belongs to the group `gid` where one is given.
 */
export type ListenAddress =
  | { port: number; host?: string; isShared?: boolean }
  | { socketPath: string; mode?: number; gid?: number };
export type BoundAddress = { host: string; port: number } | { socketPath: string };

const DEFAULT_HOST = "0.0.0.0";
const DEFAULT_MODE = 0o660;
const BACKLOG = 1024;
const PROBE_TIMEOUT_MS = 1_000;

/** Resolves when the server listens. */
export async function listen(server: Server, where: ListenAddress): Promise<void> {
  if ("socketPath" in where) await removeStaleSocket(where.socketPath);
  // The socket must never be open wider than its mode, not even before the chmod.
  const mask = "socketPath" in where ? process.umask(0o177) : undefined;
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, where)));
    if ("socketPath" in where) server.listen({ path: where.socketPath, backlog: BACKLOG }, resolve);
    else {
      const { port, host = DEFAULT_HOST, isShared = false } = where;
      server.listen({ port, host, backlog: BACKLOG, reusePort: isShared }, resolve);
    }
  });
  // For a socket file, bind has happened by now.
  if (mask !== undefined) process.umask(mask);
  await listening;
  server.removeAllListeners("error");
  if ("socketPath" in where) grantAccess(where);
}

/** The group first: at no time may another one have what the mode gives to it. */
function grantAccess({ socketPath, mode, gid }: Extract<ListenAddress, { socketPath: string }>): void {
  if (gid !== undefined) chownSync(socketPath, lstatSync(socketPath).uid, gid);
  chmodSync(socketPath, mode ?? DEFAULT_MODE);
}

/** Throws as listening there would, where anybody listens there: also who would share the port. */
export async function probePort(port: number, host?: string): Promise<void> {
  const server = createServer();
  await listen(server, { port, ...(host === undefined ? {} : { host }) });
  await new Promise((resolve) => server.close(resolve));
}

export function addressOf(server: Server, where: ListenAddress): BoundAddress {
  if ("socketPath" in where) return { socketPath: where.socketPath };
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

export function removeSocket(where: ListenAddress): void {
  if ("socketPath" in where && existsSync(where.socketPath)) unlinkSync(where.socketPath);
}

/** A socket file without a listener is left over from a killed process; one with a listener is in use. */
async function removeStaleSocket(path: string): Promise<void> {
  // The error of the bind itself would speak of permissions.
  if (!existsSync(dirname(path))) {
    throw new GantryError(
      "InvalidArgument",
      `cannot listen on ${path}: there is no directory ${dirname(path)}`,
      {
        code: "Http.NoSuchDirectory",
        details: { path },
      },
    );
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new GantryError("Conflict", `cannot listen on ${path}: there is a file that is no socket`, {
      code: "Http.AddressInUse",
      details: { path },
    });
  }
  if (await answers(path)) {
    throw new GantryError("Conflict", `cannot listen on ${path}: another program answers there`, {
      code: "Http.AddressInUse",
      hint: "Stop the other program, or use another home directory.",
      details: { path },
    });
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const done = (alive: boolean) => {
      probe.destroy();
      resolve(alive);
    };
    // A full backlog means that somebody is there, if a busy one.
    probe.setTimeout(PROBE_TIMEOUT_MS, () => done(true));
    probe.on("connect", () => done(true));
    probe.on("error", (error) => done(errnoCode(error) === "EAGAIN"));
  });
}

function listenError(error: Error, where: ListenAddress): GantryError {
  const name = "socketPath" in where ? where.socketPath : `${where.host ?? DEFAULT_HOST}:${where.port}`;
  const failed = (
    kind: "Conflict" | "PermissionDenied" | "Unavailable" | "InvalidArgument",
    code: string,
    why: string,
  ) =>
    new GantryError(kind, `cannot listen on ${name}: ${why}`, {
      code,
      details: { address: name },
      cause: error,
    });
  switch (errnoCode(error)) {
    case "EADDRINUSE":
      return failed("Conflict", "Http.AddressInUse", "the address is already in use");
    case "EACCES":
    case "EPERM":
      return failed("PermissionDenied", "Http.NoPermission", "permission denied");
    case "EADDRNOTAVAIL":
      return failed("InvalidArgument", "Http.NoSuchAddress", "this machine does not have the address");
    case "EINVAL":
    case "ENAMETOOLONG":
      return failed("InvalidArgument", "Http.PathTooLong", "the path of the socket is longer than 107 bytes");
    default:
      return failed("Unavailable", "Http.CannotListen", error.message);
  }
}
