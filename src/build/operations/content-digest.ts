import { createHash, type Hash } from "node:crypto";
import { constants, readlinkSync, type Stats } from "node:fs";
import { FairTurn } from "../../base/index.ts";
import { fdPath } from "../../kernel/index.ts";
import { contentDigest } from "../file-content.ts";
import type { LocalEntry, LocalTree } from "../sources/local-tree.ts";
import { walkTree } from "../walk-tree.ts";
import type { Selected } from "./copy-selection.ts";
import type { PathFilter } from "./path-filter.ts";

/**
 * A digest of what a copy of these would make: names, kinds, permission bits, owners, link targets and contents. Times are left out,
 * because they differ between two checkouts of the same files.
 */
export async function digestSelected(
  selected: readonly Selected[],
  filter: PathFilter | undefined,
  local: LocalTree | undefined,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256");
  for (const one of selected) {
    hash.update(`${JSON.stringify(one.path)}\n`);
    if (local) digestLocal(hash, one, filter, local);
    else await digestTree(hash, one, filter, signal);
  }
  return hash.digest("hex");
}

/** Of a client's directory everything is known already. */
function digestLocal(hash: Hash, { fd }: Selected, filter: PathFilter | undefined, local: LocalTree): void {
  // Links on the way were followed: the path that was reached is what the index knows.
  const reached = readlinkSync(fdPath(fd)).slice(local.dir.length + 1);
  const own = local.entries.get(reached);
  if (own) addEntry(hash, "", own);
  if (own && (own.mode & constants.S_IFMT) !== constants.S_IFDIR) return;
  const prefix = reached === "" ? "" : `${reached}/`;
  const below: LocalEntry[] = [];
  for (const entry of local.entries.values()) if (entry.path.startsWith(prefix)) below.push(entry);
  below.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of below) {
    const path = entry.path.slice(prefix.length);
    if (filter && !filter.takes(path)) continue;
    addEntry(hash, path, entry);
  }
}

function addEntry(hash: Hash, path: string, entry: LocalEntry): void {
  const { mode, uid, gid, linkName, contentDigest: content } = entry;
  const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK;
  hash.update(`${JSON.stringify([path, mode, uid, gid, isLink ? linkName : (content ?? "")])}\n`);
}

async function digestTree(
  hash: Hash,
  { fd, stat, linkTarget }: Selected,
  filter: PathFilter | undefined,
  signal: AbortSignal,
): Promise<void> {
  const turn = new FairTurn(signal);
  const add = async (path: string, at: string, stats: Stats): Promise<void> => {
    const content = path === "" && linkTarget !== undefined ? linkTarget : await contentOf(at, stats);
    hash.update(`${JSON.stringify([path, stats.mode, stats.uid, stats.gid, content])}\n`);
  };
  await add("", fdPath(fd), stat);
  if (!stat.isDirectory()) return;
  for (const entry of walkTree(fdPath(fd))) {
    signal.throwIfAborted();
    await turn.pause();
    if (!filter || filter.takes(entry.path)) await add(entry.path, entry.at, entry.stat);
  }
}

async function contentOf(at: string, stat: Stats): Promise<string> {
  if (stat.isFile()) return contentDigest(at, stat.size);
  if (stat.isSymbolicLink()) return readlinkSync(at);
  return stat.isCharacterDevice() || stat.isBlockDevice() ? String(stat.rdev) : "";
}
