import { closeSync, fstatSync, readSync } from "node:fs";
import { hasErrno, O_PATH, openInRoot, reopenFile } from "../../kernel/index.ts";
import { invalidRequest } from "../errors.ts";

export interface ResolvedUser {
  uid: number;
  gid: number;
  /** Of the groups that name the user as a member. */
  additionalGids: number[];
  home: string;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

/** Larger files than this are no user tables. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
/** Beyond it a number would wrap to another user (CVE-2024-40635). */
const MAX_ID = 2 ** 31 - 1;

/**
 * Who `user` (`name`, `uid`, `name:group`, `uid:gid`) is in the root file system at `root`: its own tables decide, as
 * the OCI runtimes' GetExecUser does. An empty text is root.
 */
export function lookUpUser(root: string, user: string, groupAdd: readonly string[] = []): ResolvedUser {
  const [name = "", group = ""] = splitUser(user);
  const passwd = parsePasswd(readTable(root, "/etc/passwd"));
  const groups = parseGroup(readTable(root, "/etc/group"));
  const resolved = findUser(passwd, name);
  if (group !== "") resolved.gid = findGroup(groups, group);
  else if (resolved.name !== "") {
    resolved.additionalGids = groups
      .filter((entry) => entry.members.includes(resolved.name))
      .map((entry) => entry.gid);
  }
  const extra = groupAdd.map((added) => findGroup(groups, added));
  // The primary group too: a process that leaves it must not win by that (CVE-2022-36109).
  const gids = new Set([resolved.gid, ...resolved.additionalGids, ...extra]);
  return { uid: resolved.uid, gid: resolved.gid, additionalGids: [...gids], home: resolved.home };
}

function splitUser(user: string): string[] {
  const parts = user.split(":");
  if (parts.length > 2) throw invalidRequest(`invalid user: ${user}`);
  return parts;
}

function findUser(passwd: readonly PasswdEntry[], name: string): ResolvedUser & { name: string } {
  const uid = numericId(name || "0");
  const entry =
    passwd.find((candidate) => candidate.name === name) ?? passwd.find((candidate) => candidate.uid === uid);
  if (entry) return { ...entry, additionalGids: [] };
  if (uid === undefined)
    throw invalidRequest(`unable to find user ${name}: no matching entries in passwd file`);
  return { name: "", uid, gid: 0, additionalGids: [], home: "/" };
}

function findGroup(groups: readonly GroupEntry[], name: string): number {
  const gid = numericId(name);
  const entry = groups.find((candidate) => candidate.name === name);
  if (entry) return entry.gid;
  if (gid === undefined)
    throw invalidRequest(`unable to find group ${name}: no matching entries in group file`);
  return gid;
}

function numericId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > MAX_ID) throw invalidRequest(`uids and gids must be in range 0-${MAX_ID}`);
  return id;
}

function parsePasswd(text: string): PasswdEntry[] {
  return fields(text).flatMap(([name = "", , uid = "", gid = "", , home = ""]) =>
    isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home: home || "/" }] : [],
  );
}

function parseGroup(text: string): GroupEntry[] {
  return fields(text).flatMap(([name = "", , gid = "", members = ""]) =>
    isId(gid) ? [{ name, gid: Number(gid), members: members.split(",").filter(Boolean) }] : [],
  );
}

const isId = (text: string) => /^\d+$/.test(text) && Number(text) <= MAX_ID;

function fields(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

/** Synchronous: it is called with the root mounted for one moment only. Empty when there is no such file. */
function readTable(root: string, path: string): string {
  const fd = openTable(root, path);
  if (fd === undefined) return "";
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_TABLE_BYTES) return "";
    const buffer = Buffer.alloc(size);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(fd);
  }
}

function openTable(root: string, path: string): number | undefined {
  try {
    return reopenFile(openInRoot(root, path, O_PATH));
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES")) return undefined;
    throw error;
  }
}
