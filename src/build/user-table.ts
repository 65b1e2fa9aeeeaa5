import { closeSync, fstatSync, readFileSync } from "node:fs";
import { hasErrno, O_PATH, openAtRoot, reopenFile } from "../kernel/index.ts";

/** As much as BuildKit reads. */
const MAX_TABLE_BYTES = 10 * 1024 * 1024;

/** The fields of a name in a root's `/etc/passwd` or `/etc/group`; undefined where it is not there. The id is the third. */
export function userTableEntry(
  rootFd: number,
  table: "/etc/passwd" | "/etc/group",
  name: string,
): string[] | undefined {
  for (const line of readTable(rootFd, table).split("\n")) {
    const fields = line.trim().split(":");
    if (fields[0] === name && /^\d+$/.test(fields[2] ?? "")) return fields;
  }
  return undefined;
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
