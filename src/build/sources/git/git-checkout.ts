import { lutimesSync } from "node:fs";
import { lstat, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { FairTurn, type GantryError, invalidArgument } from "../../../base/index.ts";
import { type GitCommandOptions, runGit } from "../../../runtime/index.ts";
import { walkTree } from "../../walk-tree.ts";
import { type GitIdentifier, isCommit, redacted } from "./git-identifier.ts";
import type { ResolvedRef } from "./git-refs.ts";

export interface CheckoutRequest {
  identifier: GitIdentifier;
  resolved: ResolvedRef;
  /** Empty. */
  directory: string;
}

type InRepository = GitCommandOptions & { gitDir: string };

/** Puts the files of what was fetched into a directory. */
export async function checkOut(request: CheckoutRequest, options: InRepository): Promise<void> {
  const { identifier, resolved, directory } = request;
  const { subdirectory } = identifier;
  const keepsGitDir = identifier.keepGitDir && subdirectory === "";
  const target = subdirectory === "" ? directory : await mkdtemp(join(directory, "checkout"));
  const hasSubmodules = !identifier.skipSubmodules && (await holdsSubmodules(resolved, options));
  if (keepsGitDir || hasSubmodules) {
    // Submodules leave traces in the repository that they are checked out of: each time in one of their own.
    const own = await clone(request, target, options);
    if (hasSubmodules) await updateSubmodules(identifier, own);
    if (!keepsGitDir) await removeGitDirectories(target, options.signal);
  } else await checkOutOf({ ...options, workTree: target }, resolved.digest);
  if (subdirectory !== "") await keepSubdirectory(directory, target, subdirectory);
  if (identifier.usesCommitTime) await setCommitTime(directory, resolved, options);
}

async function holdsSubmodules({ digest }: ResolvedRef, options: InRepository): Promise<boolean> {
  const found = await runGit(["ls-tree", "--name-only", digest, "--", ".gitmodules"], options);
  return found.trim() !== "";
}

async function checkOutOf(options: InRepository, digest: string): Promise<void> {
  // What another ref left in the index would be missed in the directory.
  await rm(join(options.gitDir, "index"), { force: true });
  await runGit(["read-tree", "-u", "--reset", digest], options);
}

async function clone(
  { identifier, resolved }: CheckoutRequest,
  target: string,
  options: InRepository,
): Promise<InRepository> {
  const own = { ...options, workTree: target, gitDir: join(target, ".git") };
  const { digest, ref } = resolved;
  await runGit(["-c", "init.defaultBranch=master", "init", "--quiet", "--template="], own);
  // Over a protocol: what git takes from a directory at once follows links that a hostile repository holds.
  await runGit(["remote", "add", "origin", `file://${options.gitDir}`], own);
  const fetched = `refs/fetched/${digest}`;
  await runGit(["update-ref", fetched, digest], options);
  const refspec = isCommit(ref) ? fetched : `${fetched}:${ref}`;
  await runGit(["fetch", "--quiet", "--update-head-ok", "--no-tags", "--depth=1", "--", "origin", refspec], {
    ...own,
    protocols: [...options.protocols, "file"],
    onOutput: undefined,
  });
  await runGit(["-c", "advice.detachedHead=false", "checkout", "--quiet", "FETCH_HEAD"], own);
  await runGit(["remote", "set-url", "origin", redacted(identifier.remote)], own);
  await runGit(["reflog", "expire", "--all", "--expire=now"], own);
  await rm(join(own.gitDir, "FETCH_HEAD"), { force: true });
  return own;
}

async function updateSubmodules({ remote }: GitIdentifier, options: InRepository): Promise<void> {
  const update = ["submodule", "update", "--init", "--recursive"];
  // Relative addresses are relative to the remote's, which may hold what only its user may know.
  const settings = { ...options.settings, "remote.origin.url": remote };
  const inOwn = { ...options, settings };
  try {
    await runGit([...update, "--depth=1"], inOwn);
  } catch (error) {
    options.signal.throwIfAborted();
    // A commit that no branch ends at is not in a shallow copy.
    await runGit(update, inOwn).catch(() => {
      throw error;
    });
  }
}

/** A checked out tree never holds `.git` of its own: git refuses such names. */
async function removeGitDirectories(directory: string, signal: AbortSignal): Promise<void> {
  const turn = new FairTurn(signal);
  await rm(join(directory, ".git"), { recursive: true, force: true });
  for (const { path, at } of walkTree(directory)) {
    await turn.pause();
    if (path.endsWith("/.git")) await rm(at, { recursive: true, force: true });
  }
}

async function keepSubdirectory(directory: string, checkout: string, subdirectory: string): Promise<void> {
  let at = checkout;
  for (const name of subdirectory.split("/")) {
    at = join(at, name);
    const stat = await lstat(at).catch(() => undefined);
    if (!stat) throw invalidSubdirectory(subdirectory, `failed to lstat ${JSON.stringify(name)}`);
    if (!stat.isDirectory())
      throw invalidSubdirectory(
        subdirectory,
        `git subpath ${JSON.stringify(subdirectory)} contains non-directory ${JSON.stringify(name)}`,
      );
  }
  for (const name of await readdir(at)) await rename(join(at, name), join(directory, name));
  await rm(checkout, { recursive: true, force: true });
}

function invalidSubdirectory(subdirectory: string, reason: string): GantryError {
  return invalidArgument(`invalid subdir ${subdirectory}: ${reason}`, { code: "Build.GitSubdirectory" });
}

async function setCommitTime(
  directory: string,
  { digest }: ResolvedRef,
  options: InRepository,
): Promise<void> {
  const text = await runGit(["log", "-1", "--format=%ct", `${digest}^{commit}`], options);
  const seconds = Number(text.trim());
  const turn = new FairTurn(options.signal);
  // Below first: nothing that is set later changes a directory's time.
  const found = [...walkTree(directory)].reverse();
  for (const { at } of found) {
    await turn.pause();
    lutimesSync(at, seconds, seconds);
  }
  lutimesSync(directory, seconds, seconds);
}
