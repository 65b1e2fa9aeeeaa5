import { closeSync, fstatSync, readFileSync } from "node:fs";
import { invalidArgument } from "../base/index.ts";
import { hasErrno, O_PATH, openAtRoot, reopenFile } from "../kernel/index.ts";
import type { Ownership } from "./tree-writer.ts";

const MAX_ID = 2 ** 31 - 1;
const MAX_TABLE_BYTES = 4 * 1024 * 1024;

/**
 * The ids that `--chown=user[:group]` means in a root file system, by its own passwd and group files. A user alone is
 * taken for the group too.
 */
export function lookUpOwner(rootFd: number, chown: string): Ownership {
  const [user = "", group = user, ...more] = chown.split(":");
  if (more.length > 0 || user === "") throw failed(`invalid chown string format: ${chown}`);
  return {
    uid: numericId(user) ?? lookUp(rootFd, "/etc/passwd", user, "uid", "user"),
    gid: numericId(group) ?? lookUp(rootFd, "/etc/group", group, "gid", "group"),
  };
}

function numericId(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id > MAX_ID) throw failed(`uids and gids must be in range 0-${MAX_ID}`);
  return id;
}

/** Both tables have the name first and the id third. */
function lookUp(rootFd: number, table: string, name: string, idKind: string, kind: string): number {
  for (const line of readTable(rootFd, table).split("\n")) {
    const fields = line.trim().split(":");
    if (fields[0] === name && /^\d+$/.test(fields[2] ?? "")) return Number(fields[2]);
  }
  throw failed(`can't find ${idKind} for ${kind} ${name}: no such ${kind}: ${name}`);
}

function readTable(rootFd: number, path: string): string {
  const fd = openTable(rootFd, path);
  if (fd === undefined) return "";
  try {
    return fstatSync(fd).size <= MAX_TABLE_BYTES ? readFileSync(fd, "utf8") : "";
  } finally {
    closeSync(fd);
  }
}

function openTable(rootFd: number, path: string): number | undefined {
  try {
    return reopenFile(openAtRoot(rootFd, path, O_PATH));
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

function failed(reason: string): Error {
  return invalidArgument(`unable to convert uid/gid chown string to host mapping: ${reason}`, {
    code: "Build.Chown",
  });
}
