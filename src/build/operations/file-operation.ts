import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { posix } from "node:path";
import { errnoCode, GantryError, invalidArgument } from "../../base/index.ts";
import { fdPath, O_PATH, openAtRoot, resolveInRoot } from "../../kernel/index.ts";
import type {
  FileAction,
  FileMake,
  FileMakeDirectory,
  FileOp,
  FileRemove,
  FileSymlink,
} from "../llb/index.ts";
import { EMPTY_REF, type Ref } from "../solver/ref.ts";
import type { OpenTree } from "../solver/types.ts";
import { removeTreeAt } from "../sources/remove-entry.ts";
import type { Ownership } from "../tree-writer.ts";
import { copyAction } from "./copy-action.ts";
import { cleanPath, closeSelected, isMissing, missingPath, selectSources } from "./copy-selection.ts";
import { makeDirectDirectory } from "./direct-copy.ts";
import { openRef } from "./open-ref.ts";
import type { OperationResult, OperationRun } from "./operation-context.ts";
import { ownerOf } from "./owner.ts";
import { WorkingTree } from "./working-tree.ts";

/** Carries out a file operation: its actions in order, each on an input or on what an earlier action made. */
export async function runFileOperation(op: FileOp, run: OperationRun): Promise<OperationResult> {
  const actions = new FileActions(op, run);
  try {
    return await actions.run();
  } catch (error) {
    await actions.discard();
    throw error;
  }
}

class FileActions {
  readonly #op: FileOp;
  readonly #run: OperationRun;
  /** What each action has left: a tree that can go on being written, or what became of it. */
  readonly #results: (WorkingTree | Ref)[] = [];
  readonly #releases: (() => void)[] = [];

  constructor(op: FileOp, run: OperationRun) {
    this.#op = op;
    this.#run = run;
  }

  async run(): Promise<OperationResult> {
    const outputs: Ref[] = [];
    for (const [index, action] of this.#op.actions.entries()) {
      this.#run.signal.throwIfAborted();
      await this.#carryOut(action);
      if (action.output < 0) continue;
      if (action.output > this.#op.actions.length) throw invalidArgument("invalid output of a file action");
      outputs[action.output] = await this.#settle(index);
    }
    if (
      outputs.length === 0 ||
      outputs.includes(undefined as never) ||
      Object.keys(outputs).length !== outputs.length
    )
      throw invalidArgument("no outputs specified for a file operation");
    await this.#discardTrees();
    return { outputs, release: () => this.#release() };
  }

  async discard(): Promise<void> {
    await this.#discardTrees();
    this.#release();
  }

  #release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  async #discardTrees(): Promise<void> {
    for (const result of this.#results) if (result instanceof WorkingTree) await result.discard();
  }

  async #carryOut(action: FileAction): Promise<void> {
    const tree = await this.#treeFor(action);
    this.#results.push(tree);
    const opened: OpenTree[] = [];
    try {
      const owner = await this.#ownerOf(action, opened, tree);
      if (action.copy) {
        const source = await this.#open(action.secondaryInput, opened);
        const local = this.#inputAt(action.secondaryInput)?.local;
        await copyAction(tree, source, action.copy, owner, local, this.#run);
        return;
      }
      if (action.mkdir && (await makesDirectly(tree, action.mkdir, owner))) return;
      const rootFd = await tree.rootFd();
      if (action.mkfile) makeFile(rootFd, action.mkfile, owner);
      else if (action.mkdir) makeDirectory(rootFd, action.mkdir, owner);
      else if (action.rm) remove(rootFd, action.rm);
      else if (action.symlink) makeSymlink(rootFd, action.symlink, owner);
      else throw invalidArgument("invalid action type of a file operation");
    } finally {
      for (const one of opened) one.close();
    }
  }

  /** Goes on with what an earlier action made where nobody else wants that. */
  async #treeFor(action: FileAction): Promise<WorkingTree> {
    const { input } = action;
    const earlier = input - this.#run.inputs.length;
    if (earlier < 0) return new WorkingTree(this.#run, this.#inputAt(input) ?? EMPTY_REF);
    const made = this.#results[earlier];
    if (!made) throw invalidArgument(`invalid input ${input} of a file action`);
    const isShared = this.#usesOf(input) > 1 || this.#op.actions[earlier]!.output >= 0;
    if (made instanceof WorkingTree && !isShared) return made;
    return new WorkingTree(this.#run, await this.#settle(earlier));
  }

  #usesOf(input: number): number {
    return this.#op.actions.filter((one) => one.input === input || one.secondaryInput === input).length;
  }

  async #settle(index: number): Promise<Ref> {
    const result = this.#results[index]!;
    if (!(result instanceof WorkingTree)) return result;
    const ref = await result.commit(this.#releases);
    for (const [at, other] of this.#results.entries()) if (other === result) this.#results[at] = ref;
    return ref;
  }

  #inputAt(input: number): Ref | undefined {
    return input < 0 ? undefined : this.#run.inputs[input];
  }

  async #open(input: number, opened: OpenTree[]): Promise<number> {
    const earlier = input - this.#run.inputs.length;
    const ref = earlier >= 0 ? await this.#settle(earlier) : (this.#inputAt(input) ?? EMPTY_REF);
    const tree = await openRef(this.#run.host.workspace, ref);
    opened.push(tree);
    return tree.rootFd;
  }

  async #ownerOf(
    { copy, mkfile, mkdir, symlink, input }: FileAction,
    opened: OpenTree[],
    tree: WorkingTree,
  ): Promise<Ownership | undefined> {
    const option = (copy ?? mkfile ?? mkdir ?? symlink)?.owner;
    if (!option) return undefined;
    const roots = new Map<number, number>();
    for (const named of [option.user?.byName, option.group?.byName]) {
      if (!named || roots.has(named.input)) continue;
      if (named.input === input) {
        const isUnwritten = input < this.#run.inputs.length;
        const direct = isUnwritten ? await tree.direct() : undefined;
        roots.set(input, direct?.below ?? (await tree.rootFd()));
      } else if (named.input >= 0) roots.set(named.input, await this.#open(named.input, opened));
    }
    return ownerOf(option, (one) => roots.get(one));
  }
}

async function makesDirectly(
  tree: WorkingTree,
  mkdir: FileMakeDirectory,
  owner: Ownership | undefined,
): Promise<boolean> {
  const direct = mkdir.timestamp === -1 ? await tree.direct() : undefined;
  return direct !== undefined && makeDirectDirectory(direct.below, direct.upper, mkdir, owner);
}

/** Nanoseconds; -1 is the present, or what the file system says. */
function setAttributes(at: string, owner: Ownership | undefined, timestamp: number): void {
  lchownSync(at, owner?.uid ?? 0, owner?.gid ?? 0);
  if (timestamp !== -1) lutimesSync(at, timestamp / 1e9, timestamp / 1e9);
}

function makeFile(
  rootFd: number,
  { path, mode, data, timestamp }: FileMake,
  owner: Ownership | undefined,
): void {
  const at = placeIn(rootFd, posix.join("/", path));
  explain(path, () => writeFileSync(at, data, { mode: 0o600 }));
  chmodSync(at, mode & 0o777);
  setAttributes(at, owner, timestamp);
}

function makeDirectory(rootFd: number, action: FileMakeDirectory, owner: Ownership | undefined): void {
  const { path, mode, makeParents, timestamp } = action;
  const root = fdPath(rootFd);
  const resolved = resolveInRoot(root, path);
  const missing: string[] = [];
  for (let at = resolved; at !== root && !exists(at); at = posix.dirname(at)) missing.unshift(at);
  if (missing.length > 1 && !makeParents) throw notThere("mkdir", path);
  for (const at of missing) {
    explain(path, () => mkdirSync(at, { mode: 0o700 }));
    chmodSync(at, mode & 0o777);
    setAttributes(at, owner, timestamp);
  }
  if (missing.length === 0 && makeParents && !lstatSync(resolved).isDirectory())
    throw invalidArgument(`mkdir ${path}: not a directory`, { code: "Build.NotDirectory" });
}

function makeSymlink(rootFd: number, action: FileSymlink, owner: Ownership | undefined): void {
  const at = placeIn(rootFd, posix.join("/", action.newPath));
  explain(action.newPath, () => symlinkSync(action.oldPath, at));
  setAttributes(at, owner, action.timestamp);
}

function remove(rootFd: number, { path, allowNotFound, allowWildcard }: FileRemove): void {
  const clean = cleanPath(path);
  if (posix.join("/", clean) === "/") throw invalidArgument("rmPath: invalid empty path");
  const selector = { src: clean, followSymlink: false, allowWildcard, allowEmptyWildcard: true };
  const found = hasNone(rootFd, selector) ? [] : selectSources(rootFd, selector);
  closeSelected(found);
  if (found.length === 0 && !allowNotFound && !allowWildcard) throw missingPath(clean);
  for (const one of found) removeTreeAt(rootFd, one.path);
}

function hasNone(rootFd: number, { src, allowWildcard }: { src: string; allowWildcard: boolean }): boolean {
  if (allowWildcard) return false;
  try {
    closeSync(openAtRoot(rootFd, src, O_PATH | constants.O_NOFOLLOW));
    return false;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

function placeIn(rootFd: number, path: string): string {
  return resolveInRoot(fdPath(rootFd), path);
}

function exists(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false }) !== undefined;
}

function explain(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw notThere("open", path);
    if (code === "EEXIST" || code === "EISDIR")
      throw invalidArgument(`${path}: ${code === "EEXIST" ? "file exists" : "is a directory"}`, {
        code: "Build.Path",
      });
    throw error;
  }
}

function notThere(call: string, path: string): GantryError {
  return new GantryError("InvalidArgument", `${call} ${path}: no such file or directory`, {
    code: "Build.Path",
  });
}
