import { invalidArgument } from "../../../base/index.ts";
import { type GitIdentifier, isCommit, redacted } from "./git-identifier.ts";

/** What a name stands for at the remote. */
export interface ResolvedRef {
  /** `refs/heads/main`, or a commit where one was named. */
  ref: string;
  /** What the ref points to: a commit, or an annotated tag. */
  digest: string;
  /** The commit that an annotated tag is of. */
  commit: string;
}

/** Reads `git ls-remote REMOTE NAME NAME^{}`; of names that are both, the branch is meant (git-checkout(1)). */
export function readRemoteRefs(
  listing: string,
  name: string,
  { checksum, remote }: GitIdentifier,
): ResolvedRef {
  const digests = new Map<string, string>();
  for (const line of listing.split("\n")) {
    const [digest = "", ref] = line.split("\t");
    if (ref !== undefined) digests.set(ref, digest);
  }
  const tag = `refs/tags/${name.replace(/^refs\/tags\//, "")}`;
  const candidates = [
    `refs/${name.replace(/^refs\//, "")}`,
    `refs/heads/${name.replace(/^refs\/heads\//, "")}`,
    tag,
  ];
  const ref = candidates.find((one) => digests.has(one));
  if (ref === undefined)
    throw invalidArgument(`repository does not contain ref ${name}, output: ${JSON.stringify(listing)}`, {
      code: "Build.GitRef",
      details: { remote: redacted(remote) },
    });
  const digest = digests.get(ref)!;
  if (!isCommit(digest)) throw invalidArgument(`invalid commit sha ${JSON.stringify(digest)}`);
  const commit = (ref === tag && digests.get(`${tag}^{}`)) || digest;
  if (!digest.startsWith(checksum) && !commit.startsWith(checksum))
    throw wrongChecksum(checksum, digest, commit);
  return { ref, digest, commit };
}

/** The branch that `git ls-remote --symref REMOTE HEAD` tells. */
export function readDefaultBranch(listing: string, remote: string): string {
  const branch = /refs\/heads\/(\S+)/.exec(listing)?.[1];
  if (branch === undefined)
    throw invalidArgument(`could not find default branch for repository: ${redacted(remote)}`, {
      code: "Build.GitRef",
    });
  if (branch.startsWith("-")) throw invalidArgument(`invalid git ref ${JSON.stringify(branch)}`);
  return branch;
}

/** What is known without asking the remote: a whole commit was named. */
export function knownRef({ ref, checksum, fetchByCommit }: GitIdentifier): ResolvedRef | undefined {
  if (isCommit(ref)) {
    if (!ref.startsWith(checksum)) throw wrongChecksum(checksum, ref, ref);
    return { ref, digest: ref, commit: ref };
  }
  if (!fetchByCommit) return undefined;
  if (checksum === "") throw invalidArgument("fetch-by-commit requires a checksum or a commit SHA ref");
  if (!isCommit(checksum))
    throw invalidArgument(
      `fetch-by-commit requires a full commit SHA checksum, got ${JSON.stringify(checksum)}`,
    );
  const named = ref === "" || ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
  return { ref: named || checksum, digest: checksum, commit: checksum };
}

export function wrongChecksum(expected: string, digest: string, commit: string) {
  const found = commit === digest ? digest : `${digest} or ${commit}`;
  return invalidArgument(`expected checksum to match ${expected}, got ${found}`, {
    code: "Build.GitChecksum",
  });
}
