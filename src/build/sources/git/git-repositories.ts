import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  errorMessage,
  GantryError,
  isGantryError,
  newHexId,
  presentOrUndefined,
  readRecord,
  shortHash,
  TurnsByKey,
} from "../../../base/index.ts";
import { usageOf } from "../../../images/index.ts";
import { type GitCommandOptions, runGit } from "../../../runtime/index.ts";
import { type CheckoutRequest, checkOut } from "./git-checkout.ts";
import { type GitIdentifier, isCommit, redacted } from "./git-identifier.ts";
import { knownRef, type ResolvedRef, readDefaultBranch, readRemoteRefs, wrongChecksum } from "./git-refs.ts";

/** How a client lets its git sources be reached. */
export interface GitAccess {
  /** Settings with credentials (`http.….extraheader`). */
  settings: Readonly<Record<string, string>>;
  /** Path of its agent's socket. */
  agentSocket: string | undefined;
  onOutput?: (stream: 1 | 2, data: Buffer) => void;
  signal: AbortSignal;
}

/** `<id>/repository.json`. */
interface RepositoryFile {
  version: 1;
  remote: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  usageCount: number;
}

export interface RepositoryUsage extends Omit<RepositoryFile, "version"> {
  id: string;
  sizeBytes: number;
  inUse: boolean;
}

/** Through these a remote and its submodules may be reached; `ext::`, `file://` and whatever else git knows may not. */
const PROTOCOLS = ["http", "https", "ssh", "git"];

/**
 * Copies of remote repositories that builds took something from, so that the next one fetches only what came since:
 *
 *     <id>/repository.json   of which remote, when used
 *     <id>/repository.git/   bare; what was fetched stands below refs/fetched/
 *     <id>/in-use            while git works in it: one that a killed program leaves is torn and goes
 *     known-hosts-<id>       while SSH needs it
 */
export class GitRepositories {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #protocols: readonly string[];
  readonly #turns = new TurnsByKey();
  readonly #users = new Map<string, number>();

  /** `protocols`: for tests, which have no server. */
  constructor({
    dir,
    clock,
    protocols = PROTOCOLS,
  }: { dir: string; clock: Clock; protocols?: readonly string[] }) {
    this.#dir = dir;
    this.#clock = clock;
    this.#protocols = protocols;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#dir)) {
      const inside = name.startsWith("known-hosts-") ? [] : await readdir(join(this.#dir, name));
      if (inside.includes("in-use") || !inside.includes("repository.json"))
        await rm(join(this.#dir, name), { recursive: true, force: true });
    }
  }

  /** What the ref is at the remote at this moment; asks nobody when it is a commit. */
  async resolve(identifier: GitIdentifier, access: GitAccess): Promise<ResolvedRef> {
    const known = knownRef(identifier);
    if (known) return known;
    return this.#reaching(identifier, access, async (options) => {
      const { remote } = identifier;
      const name =
        identifier.ref ||
        readDefaultBranch(await this.#ask(["--symref", "--", remote, "HEAD"], remote, options), remote);
      const listing = await this.#ask(["--", remote, name, `${name}^{}`], remote, options);
      return readRemoteRefs(listing, name, identifier);
    });
  }

  async #ask(args: readonly string[], remote: string, options: GitCommandOptions): Promise<string> {
    try {
      return await runGit(["ls-remote", ...args], options);
    } catch (error) {
      throw explained(`failed to fetch remote ${redacted(remote)}`, error);
    }
  }

  /** Puts the files of a resolved ref into a directory, which is empty. */
  async checkOut(
    identifier: GitIdentifier,
    resolved: ResolvedRef,
    directory: string,
    access: GitAccess,
  ): Promise<void> {
    const id = shortHash(identifier.remote, 32);
    this.#count(id, 1);
    try {
      await this.#turns.run(id, () =>
        this.#reaching(identifier, access, async (options) => {
          await this.#marked(id, identifier.remote, async (gitDir) => {
            const inside = { ...options, gitDir };
            await this.#fetch(identifier, resolved, inside);
            await this.#verify(identifier, resolved, inside);
            const request: CheckoutRequest = { identifier, resolved, directory };
            await checkOut(request, { ...options, gitDir });
          });
        }),
      );
    } finally {
      this.#count(id, -1);
    }
  }

  async #reaching<T>(
    { knownHosts }: GitIdentifier,
    access: GitAccess,
    work: (options: GitCommandOptions) => Promise<T>,
  ): Promise<T> {
    const options = { ...access, protocols: this.#protocols };
    if (knownHosts === "") return work(options);
    const path = join(this.#dir, `known-hosts-${newHexId().slice(0, 16)}`);
    await writeFile(path, knownHosts, { mode: 0o600 });
    try {
      return await work({ ...options, knownHosts: path });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** A git that failed leaves a repository that nobody trusts. */
  async #marked(id: string, remote: string, work: (gitDir: string) => Promise<void>): Promise<void> {
    const dir = join(this.#dir, id);
    const gitDir = join(dir, "repository.git");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(join(dir, "in-use"), "");
    try {
      const known = presentOrUndefined(await readRecord<RepositoryFile>(join(dir, "repository.json")));
      if (!known) await this.#initialize(dir, gitDir, remote);
      await work(gitDir);
      await this.#save(dir, remote, known);
      await rm(join(dir, "in-use"));
    } catch (error) {
      const isWhole = isGantryError(error) && error.code.startsWith("Build.");
      await rm(isWhole ? join(dir, "in-use") : dir, { recursive: true, force: true });
      throw error;
    }
  }

  async #initialize(dir: string, gitDir: string, remote: string): Promise<void> {
    await rm(gitDir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const options = { gitDir, protocols: [], signal: new AbortController().signal };
    await runGit(["-c", "init.defaultBranch=master", "init", "--quiet", "--bare", "--template="], options);
    await runGit(["remote", "add", "origin", remote], options);
  }

  async #save(dir: string, remote: string, known: RepositoryFile | undefined): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const file: RepositoryFile = {
      version: 1,
      remote,
      createdAtMs: known?.createdAtMs ?? nowMs,
      lastUsedAtMs: nowMs,
      usageCount: (known?.usageCount ?? 0) + 1,
    };
    await writeFile(join(dir, "repository.json"), JSON.stringify(file), { mode: 0o600 });
  }

  async #fetch(identifier: GitIdentifier, resolved: ResolvedRef, options: GitCommandOptions): Promise<void> {
    const { digest, ref } = resolved;
    if (await has(digest, options)) return;
    const kept = `refs/fetched/${digest}`;
    try {
      if (!isCommit(ref)) {
        await fetchShallow(`+${ref}:${kept}`, options);
        if (await has(digest, options)) return;
        // The remote has moved on since it was asked; most servers give what is named by its digest, too.
      }
      await fetchShallow(`+${digest}:${kept}`, options).catch(async (error) => {
        if (identifier.fetchByCommit || !isNotOffered(error)) throw error;
        await fetchEverything(options);
      });
    } catch (error) {
      throw explained(`failed to fetch remote ${redacted(identifier.remote)}`, error);
    }
    if (await has(digest, options)) {
      await runGit(["update-ref", kept, digest], options);
      return;
    }
    throw new GantryError(
      "InvalidArgument",
      `fetched ref ${ref} does not match expected commit ${digest} and commit can not be found in the repository`,
      { code: "Build.GitRef" },
    );
  }

  async #verify(
    { checksum }: GitIdentifier,
    { digest }: ResolvedRef,
    options: GitCommandOptions,
  ): Promise<void> {
    if (checksum === "" || digest.startsWith(checksum)) return;
    const commit = (await runGit(["rev-parse", `${digest}^{}`], options)).trim();
    if (!commit.startsWith(checksum)) throw wrongChecksum(checksum, digest, commit);
  }

  #count(id: string, change: number): void {
    const users = (this.#users.get(id) ?? 0) + change;
    if (users === 0) this.#users.delete(id);
    else this.#users.set(id, users);
  }

  async list(): Promise<RepositoryUsage[]> {
    const found: RepositoryUsage[] = [];
    for (const id of await readdir(this.#dir)) {
      if (id.startsWith("known-hosts-")) continue;
      const dir = join(this.#dir, id);
      const file = presentOrUndefined(await readRecord<RepositoryFile>(join(dir, "repository.json")));
      if (!file) continue;
      const { version: _version, ...usage } = file;
      const { sizeBytes } = await usageOf(join(dir, "repository.git"));
      found.push({ ...usage, remote: redacted(usage.remote), id, sizeBytes, inUse: this.#users.has(id) });
    }
    return found;
  }

  /** False where it is in use: then it stays. */
  async remove(id: string): Promise<boolean> {
    if (this.#users.has(id)) return false;
    await this.#turns.run(id, () => rm(join(this.#dir, id), { recursive: true, force: true }));
    return true;
  }
}

async function has(digest: string, options: GitCommandOptions): Promise<boolean> {
  try {
    await runGit(["cat-file", "-e", `${digest}^{commit}`], { ...options, onOutput: undefined });
    return true;
  } catch (error) {
    if (isGantryError(error) && error.code === "Git.Failed") return false;
    throw error;
  }
}

async function fetchShallow(refspec: string, options: GitCommandOptions): Promise<void> {
  const rest = ["--no-tags", "--force", "--", "origin", refspec];
  try {
    await runGit(["fetch", "--depth=1", ...rest], options);
  } catch (error) {
    // Servers without any logic have whole histories only.
    if (!/--depth|shallow/.test(stderrOf(error))) throw error;
    await runGit(["fetch", ...rest], options);
  }
}

async function fetchEverything(options: GitCommandOptions): Promise<void> {
  const isShallow = (await runGit(["rev-parse", "--is-shallow-repository"], options)).trim() === "true";
  const refspec = "+refs/heads/*:refs/remotes/origin/*";
  await runGit(
    ["fetch", "--tags", "--force", ...(isShallow ? ["--unshallow"] : []), "--", "origin", refspec],
    options,
  );
}

function isNotOffered(error: unknown): boolean {
  return /not our ref|unadvertised object|couldn't find remote ref/.test(stderrOf(error));
}

function stderrOf(error: unknown): string {
  return isGantryError(error) ? String(error.details?.stderr ?? "") : "";
}

function explained(what: string, error: unknown): unknown {
  if (!isGantryError(error) || error.code !== "Git.Failed") return error;
  return new GantryError(error.kind, `${what}: ${errorMessage(error)}`, {
    code: error.code,
    details: error.details,
    cause: error,
  });
}
