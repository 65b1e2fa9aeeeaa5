import { invalidArgument } from "../../base/index.ts";
import type { Ownership } from "../tree-writer.ts";
import { userTableEntry } from "../user-table.ts";

const MAX_ID = 2 ** 31 - 1;

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

function lookUp(
  rootFd: number,
  table: "/etc/passwd" | "/etc/group",
  name: string,
  idKind: string,
  kind: string,
): number {
  const fields = userTableEntry(rootFd, table, name);
  if (fields) return Number(fields[2]);
  throw failed(`can't find ${idKind} for ${kind} ${name}: no such ${kind}: ${name}`);
}

function failed(reason: string): Error {
  return invalidArgument(`unable to convert uid/gid chown string to host mapping: ${reason}`, {
    code: "Build.Chown",
  });
}
