import { lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes the home and all in it, but for the directories on which somebody else has mounted something (`mounted`): the home itself is
 * emptied then, and of others not even the content is touched. Returns whether the home is gone.
 */
export function removeHome(home: string, mounted: readonly string[]): boolean {
  empty(home, new Set(mounted));
  if (mounted.length > 0) return false;
  rmdirSync(home);
  return true;
}

function empty(dir: string, mounted: ReadonlySet<string>): void {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (mounted.has(path)) continue;
    if ([...mounted].some((one) => one.startsWith(`${path}/`))) empty(path, mounted);
    // It belongs to the file system, and fsck wants it.
    else if (name !== "lost+found" || !mounted.has(dir) || !lstatSync(path).isDirectory())
      rmSync(path, { recursive: true, force: true });
  }
}
