import { posix } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import { fdPath, resolveInRoot } from "../../kernel/index.ts";
import { type ArchiveFile, isArchive, unpackArchive } from "../archive-file.ts";
import type { FileCopy } from "../llb/index.ts";
import type { LocalTree } from "../sources/local-tree.ts";
import { type Ownership, TreeWriter } from "../tree-writer.ts";
import { copySelected } from "./copy-files.ts";
import { cleanPath, closeSelected, missingPath, type Selected, selectSources } from "./copy-selection.ts";
import { prepareDirectCopy } from "./direct-copy.ts";
import type { OperationRun } from "./operation-context.ts";
import { pathFilter } from "./path-filter.ts";
import type { WorkingTree } from "./working-tree.ts";

/** Copies from a root into a tree. `local`: what the root is of, where nobody changes its files. */
export async function copyAction(
  tree: WorkingTree,
  sourceFd: number,
  copy: FileCopy,
  owner: Ownership | undefined,
  local: LocalTree | undefined,
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
      const file = { at: fdPath(one.fd), path: one.path, stat: one.stat };
      if (copy.attemptUnpackDockerCompatibility && (await isArchive(file))) {
        await unpack(rootFd, destination, file, owner, run);
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
        mayLink: local !== undefined,
        hardLinked: local?.hardLinked,
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

async function unpack(
  rootFd: number,
  destination: string,
  file: ArchiveFile,
  owner: Ownership | undefined,
  { host: { limits }, signal }: OperationRun,
): Promise<void> {
  const root = fdPath(rootFd);
  const resolved = resolveInRoot(root, destination);
  const directory = resolved === root ? "" : resolved.slice(root.length + 1);
  const writer = new TreeWriter(rootFd, owner);
  try {
    await unpackArchive(file, writer, directory, { ...limits, signal, owner });
  } finally {
    writer.close();
  }
}
