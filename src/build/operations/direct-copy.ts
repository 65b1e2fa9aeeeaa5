import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { errnoCode } from "../../base/index.ts";
import { fdPath } from "../../kernel/index.ts";
import type { FileCopy, FileMakeDirectory } from "../llb/index.ts";
import type { Ownership } from "../tree-writer.ts";
import { copyXattrs } from "./copy-files.ts";
import { cleanPath, type Selected } from "./copy-selection.ts";

/**
 * Whether a copy makes only what is not there yet, below directories that no link leads to. Then it can be written straight into the directory
 * that becomes the layer: what is below needs no look, and files can be links of those of a client's directory. Makes the
 * directories on the way in `upper` as they are below.
 */
export function prepareDirectCopy(
  below: number,
  upper: number,
  copy: FileCopy,
  selected: readonly Selected[],
): boolean {
  const place = new Place(fdPath(below), fdPath(upper));
  const destination = cleanPath(copy.dest);
  const mayUnpack = copy.attemptUnpackDockerCompatibility && selected.some(({ stat }) => stat.isFile());
  if (!copy.createDestPath || mayUnpack || !place.leadsStraight(destination)) return false;
  const isDirectory = /\/\.?$/.test(destination) || place.isDirectory(destination);
  for (const one of selected)
    for (const made of topOf(one, destination, isDirectory, copy)) if (place.isBelow(made)) return false;
  place.makeDirectories(destination);
  return true;
}

/** Makes a directory there, where no link leads to it; false where it has to be made in the root. */
export function makeDirectDirectory(
  below: number,
  upper: number,
  { path, mode, makeParents }: FileMakeDirectory,
  owner: Ownership | undefined,
): boolean {
  const place = new Place(fdPath(below), fdPath(upper));
  const destination = cleanPath(path).replace(/\/$/, "");
  if (!makeParents || !place.leadsStraight(destination)) return false;
  const missing = place.missing(destination);
  // One that is there needs no trace in the layer.
  if (missing.length > 0) place.makeDirectories(destination);
  for (const at of missing) {
    mkdirSync(at, { mode: 0o700 });
    lchownSync(at, owner?.uid ?? 0, owner?.gid ?? 0);
    chmodSync(at, mode & 0o777);
  }
  return true;
}

/** What stands uppermost of all that a copy makes. */
function topOf(
  { path, fd, stat }: Selected,
  destination: string,
  isDirectory: boolean,
  copy: FileCopy,
): string[] {
  const name = posix.basename(path.replace(/\/\.?$/, ""));
  if (stat.isDirectory() && copy.dirCopyContents)
    return isDirectory ? readdirSync(fdPath(fd)).map((one) => posix.join(destination, one)) : [destination];
  return [isDirectory ? posix.join(destination, name) : destination];
}

class Place {
  readonly #below: string;
  readonly #upper: string;

  constructor(below: string, upper: string) {
    this.#below = below;
    this.#upper = upper;
  }

  /** Each name on the way is a directory, above or below, as far as there is anything. */
  leadsStraight(path: string): boolean {
    return waysTo(path).every((one) =>
      [this.#below, this.#upper].every((root) => lookAt(root, one)?.isDirectory() ?? true),
    );
  }

  isDirectory(path: string): boolean {
    return [this.#below, this.#upper].some((root) => lookAt(root, path)?.isDirectory());
  }

  isBelow(path: string): boolean {
    return lookAt(this.#below, path) !== undefined;
  }

  /** Paths of directories on the way, and at its end, that are neither below nor made yet. */
  missing(path: string): string[] {
    const names = waysTo(path).filter((one) => !lookAt(this.#below, one) && !lookAt(this.#upper, one));
    return names.map((one) => this.#upper + one);
  }

  makeDirectories(path: string): void {
    for (const one of waysTo(path)) {
      const stat = lookAt(this.#below, one);
      if (!stat) return;
      if (lookAt(this.#upper, one)) continue;
      const at = this.#upper + one;
      mkdirSync(at, { mode: 0o700 });
      copyXattrs(this.#below + one, at);
      lchownSync(at, stat.uid, stat.gid);
      chmodSync(at, stat.mode & 0o7777);
    }
  }
}

/** `/a`, `/a/b`, `/a/b/c`: the path and what lies above it, from the top. */
function waysTo(path: string): string[] {
  const names = posix
    .join("/", path)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  return names.map((_name, index) => `/${names.slice(0, index + 1).join("/")}`);
}

/** Only for paths whose upper part leads straight. */
function lookAt(root: string, path: string): Stats | undefined {
  try {
    return lstatSync(root + path.replace(/\/\.?$/, ""), { throwIfNoEntry: false });
  } catch (error) {
    if (errnoCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
