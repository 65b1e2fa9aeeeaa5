import type { ChownOption } from "../llb/index.ts";
import type { Ownership } from "../tree-writer.ts";
import { userTableEntry } from "../user-table.ts";

/**
 * The ids that an owner means. Names are looked up in the trees that they name; one that is not found there is root, as in BuildKit.
 * `rootOf` gives the root of an input (or undefined for one that is empty).
 */
export function ownerOf(
  option: ChownOption | undefined,
  rootOf: (input: number) => number | undefined,
): Ownership | undefined {
  if (!option) return undefined;
  const { user, group } = option;
  const owner = { uid: 0, gid: 0 };
  if (user?.byName) {
    const fields = lookUp(rootOf(user.byName.input), "/etc/passwd", user.byName.name);
    if (fields) Object.assign(owner, { uid: idIn(fields[2]), gid: idIn(fields[3]) });
  } else if (user) Object.assign(owner, { uid: user.byId, gid: user.byId });
  if (group?.byName) {
    const fields = lookUp(rootOf(group.byName.input), "/etc/group", group.byName.name);
    if (fields) owner.gid = idIn(fields[2]);
  } else if (group) owner.gid = group.byId;
  return owner;
}

function idIn(text: string | undefined): number {
  return /^\d+$/.test(text ?? "") ? Number(text) : 0;
}

function lookUp(
  rootFd: number | undefined,
  table: "/etc/passwd" | "/etc/group",
  name: string,
): string[] | undefined {
  return rootFd === undefined ? undefined : userTableEntry(rootFd, table, name);
}
