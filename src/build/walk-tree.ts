import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { basename } from "node:path";
import { type GantryError, notImplemented } from "../base/index.ts";

/** A member of a directory. */
export interface TreeEntry {
  /** Relative to the directory. */
  path: string;
  /** For file calls that must not follow a link at the end. */
  at: string;
  stat: Stats;
}

/** Everything below a directory, parents first, names in order. Links are not followed. */
export function* walkTree(directory: string, prefix = ""): Generator<TreeEntry> {
  const names = readdirSync(directory, { withFileTypes: true }).sort(byName);
  for (const { name } of names) {
    const at = `${directory}/${name}`;
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const stat = lstatSync(at);
    yield { path, at, stat };
    if (stat.isDirectory()) yield* walkTree(at, path);
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

export function specialFile(path: string): GantryError {
  return notImplemented(`copying a device, pipe or socket is not supported: ${basename(path)}`, {
    code: "Build.SpecialFile",
  });
}
