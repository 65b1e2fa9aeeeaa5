import { createReadStream, existsSync, readFileSync } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import {
  createIgnoreMatcher,
  type IgnoreMatcher,
  parseDockerignore,
  type TarMemberToWrite,
  tarEntry,
} from "../../formats/index.ts";

/** A build context as members of an archive, without what `.dockerignore` leaves out; the Dockerfile itself always goes along. */
export async function* contextMembers(
  directory: string,
  dockerfile: string,
  ignoreFile: string | undefined,
): AsyncGenerator<TarMemberToWrite> {
  const root = await lstat(directory).catch(() => undefined);
  if (!root) throw invalidArgument(`unable to prepare context: path ${JSON.stringify(directory)} not found`);
  const matcher = readIgnore(directory, ignoreFile);
  const always = new Set([dockerfile, ".dockerignore"]);
  yield* walk(directory, "", matcher, always);
}

/** `Dockerfile.dockerignore` beside the Dockerfile, else `.dockerignore` of the context. */
export function readIgnore(directory: string, ignoreFile: string | undefined): IgnoreMatcher {
  const path = [ignoreFile, join(directory, ".dockerignore")].find(
    (one) => one !== undefined && existsSync(one),
  );
  return createIgnoreMatcher(path === undefined ? [] : parseDockerignore(readFileSync(path, "utf8")));
}

async function* walk(
  root: string,
  inside: string,
  matcher: IgnoreMatcher,
  always: ReadonlySet<string>,
): AsyncGenerator<TarMemberToWrite> {
  const entries = await readdir(join(root, inside), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    const ignored = matcher.ignores(path) && !always.has(path);
    if (entry.isDirectory()) {
      // Something in it may be let in again.
      if (ignored && !matcher.hasExceptions && ![...always].some((one) => one.startsWith(`${path}/`)))
        continue;
      if (!ignored) yield await member(root, path);
      yield* walk(root, path, matcher, always);
    } else if (!ignored && (entry.isFile() || entry.isSymbolicLink())) yield await member(root, path);
  }
}

/** A file of a directory as a member of an archive; everything belongs to root there. */
export async function member(root: string, path: string): Promise<TarMemberToWrite> {
  const full = join(root, path);
  const found = await lstat(full);
  const common = {
    name: path,
    mode: found.mode & 0o7777,
    mtimeSeconds: Math.floor(found.mtimeMs / 1000),
  };
  if (found.isSymbolicLink()) {
    return { entry: tarEntry({ ...common, type: "symlink", linkName: await readlink(full) }) };
  }
  if (found.isDirectory()) return { entry: tarEntry({ ...common, type: "directory" }) };
  const entry = tarEntry({ ...common, type: "file", sizeBytes: found.size });
  // A file that grows meanwhile goes as long as it was.
  return found.size === 0 ? { entry } : { entry, body: createReadStream(full, { end: found.size - 1 }) };
}
