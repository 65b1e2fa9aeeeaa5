import { closeSync, createReadStream, openSync } from "node:fs";
import { posix } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import { decompress, readTar } from "../../formats/index.ts";
import { fdPath, resolveInRoot } from "../../kernel/index.ts";
import type { FileCopy } from "../llb/index.ts";
import { type Ownership, TreeWriter } from "../tree-writer.ts";
import { unpackTar } from "../unpack-tar.ts";
import { copySelected } from "./copy-files.ts";
import { cleanPath, closeSelected, missingPath, type Selected, selectSources } from "./copy-selection.ts";
import { prepareDirectCopy } from "./direct-copy.ts";
import type { OperationRun } from "./operation-context.ts";
import { pathFilter } from "./path-filter.ts";
import type { WorkingTree } from "./working-tree.ts";

/** Copies from a root into a tree. `mayLink`: nobody changes the source's files, and their times are the client's. */
export async function copyAction(
  tree: WorkingTree,
  sourceFd: number,
  copy: FileCopy,
  owner: Ownership | undefined,
  mayLink: boolean,
  run: OperationRun,
): Promise<void> {
  const destination = cleanPath(copy.dest);
  for (const path of copy.requiredPaths) assertThere(sourceFd, path);
  const selected = selectSources(sourceFd, copy);
  const mtimeMs = copy.timestamp === -1 ? undefined : copy.timestamp / 1e6;
  try {
    const rootFd = await rootFor(tree, copy, selected);
    if (!copy.createDestPath) assertParent(rootFd, copy.dest);
    for (const one of selected) {
      if (copy.attemptUnpackDockerCompatibility && (await isArchive(one))) {
        await unpack(rootFd, destination, one, owner, run);
        continue;
      }
      await copySelected(rootFd, one, {
        destination,
        copiesContents: copy.dirCopyContents,
        owner,
        mode: modeOf(copy),
        mtimeMs,
        filter: pathFilter(copy.includePatterns, copy.excludePatterns),
        replaces: copy.alwaysReplaceExistingDestPaths,
        mayLink,
        signal: run.signal,
      });
    }
  } finally {
    closeSelected(selected);
  }
}

async function rootFor(tree: WorkingTree, copy: FileCopy, selected: readonly Selected[]): Promise<number> {
  const direct = await tree.direct();
  if (direct && prepareDirectCopy(direct.below, direct.upper, copy, selected)) return direct.upper;
  return tree.rootFd();
}

function modeOf({ mode, modeText }: FileCopy): string | undefined {
  if (modeText !== "") return modeText;
  return mode === -1 ? undefined : mode.toString(8);
}

function assertParent(rootFd: number, destination: string): void {
  const parent = posix.dirname(posix.join("/", destination));
  const found = selectOrNothing(rootFd, parent);
  if (!found) throw invalidArgument(`failed to stat ${destination}: no such file or directory`);
  closeSelected(found);
}

function assertThere(rootFd: number, path: string): void {
  const found = selectOrNothing(rootFd, path);
  if (!found) throw missingPath(cleanPath(path));
  closeSelected(found);
}

function selectOrNothing(rootFd: number, src: string): Selected[] | undefined {
  try {
    return selectSources(rootFd, {
      src,
      followSymlink: true,
      allowWildcard: false,
      allowEmptyWildcard: false,
    });
  } catch {
    return undefined;
  }
}

async function isArchive({ stat, fd }: Selected): Promise<boolean> {
  if (!stat.isFile() || stat.size === 0) return false;
  const content = openSync(fdPath(fd), "r");
  try {
    for await (const _member of readTar(decompress(createReadStream("", { fd: content, autoClose: false }))))
      return true;
    return false;
  } catch {
    return false;
  } finally {
    closeSync(content);
  }
}

async function unpack(
  rootFd: number,
  destination: string,
  { fd }: Selected,
  owner: Ownership | undefined,
  run: OperationRun,
): Promise<void> {
  const root = fdPath(rootFd);
  const resolved = resolveInRoot(root, destination);
  const prefix = resolved === root ? "" : resolved.slice(root.length + 1);
  const writer = new TreeWriter(rootFd, owner);
  const content = openSync(fdPath(fd), "r");
  try {
    writer.directory(prefix === "" ? "." : prefix);
    await unpackTar(decompress(createReadStream("", { fd: content, autoClose: false })), writer, {
      ...run.host.limits,
      prefix,
      signal: run.signal,
      owner,
    });
  } finally {
    closeSync(content);
    writer.close();
  }
}
