import { createReadStream, createWriteStream } from "node:fs";
import { chmod, lstat, mkdir, readdir, readlink, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, posix, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { invalidArgument, isGantryError } from "../../base/index.ts";
import { readTar, type TarMemberToWrite, tarEntry, writeTar } from "../../formats/index.ts";
import type { DockerClient } from "../docker/index.ts";

/** Copies a file or directory into a container, by the rules of `cp -a`: into a directory that is there, else under that name. */
export async function copyToContainer(
  client: DockerClient,
  container: string,
  source: string,
  target: string,
  { followLink, keepOwners }: { followLink: boolean; keepOwners: boolean },
): Promise<void> {
  const isDirectory = await isDirectoryIn(client, container, target);
  const contentsOnly = source.endsWith("/.");
  const name = isDirectory ? basename(resolve(source)) : posix.basename(target);
  const into = isDirectory ? target : posix.dirname(target);
  const prefix = contentsOnly ? (isDirectory ? "" : name) : name;
  await client.put(`/containers/${container}/archive`, {
    query: { path: into, copyUIDGID: keepOwners ? 1 : undefined, noOverwriteDirNonDir: "true" },
    headers: { "Content-Type": "application/x-tar" },
    stream: Readable.from(writeTar(treeMembers(resolve(source), prefix, followLink))),
  });
}

/** A file, or a directory with all that is in it, as members of an archive under a name. */
export async function* treeMembers(
  path: string,
  name: string,
  followLink: boolean,
): AsyncGenerator<TarMemberToWrite> {
  const found = followLink ? await stat(path) : await lstat(path);
  const common = {
    name,
    mode: found.mode & 0o7777,
    uid: found.uid,
    gid: found.gid,
    mtimeSeconds: Math.floor(found.mtimeMs / 1000),
  };
  if (found.isSymbolicLink()) {
    yield { entry: tarEntry({ ...common, type: "symlink", linkName: await readlink(path) }) };
  } else if (found.isFile()) {
    const entry = tarEntry({ ...common, type: "file", sizeBytes: found.size });
    yield found.size === 0 ? { entry } : { entry, body: createReadStream(path, { end: found.size - 1 }) };
  } else if (found.isDirectory()) {
    if (name !== "") yield { entry: tarEntry({ ...common, type: "directory" }) };
    for (const one of (await readdir(path)).sort())
      yield* treeMembers(join(path, one), posix.join(name, one), false);
  }
}

async function isDirectoryIn(client: DockerClient, container: string, path: string): Promise<boolean> {
  if (path.endsWith("/")) return true;
  try {
    // Go's bit for a directory.
    return (await statIn(client, container, path)).mode >= 2 ** 31;
  } catch (error) {
    if (isGantryError(error, "NotFound")) return false;
    throw error;
  }
}

/** What stands at a path in a container, as the engine tells it in a header. */
async function statIn(
  client: DockerClient,
  container: string,
  path: string,
): Promise<{ mode: number; linkTarget?: string }> {
  const response = await client.stream("GET", `/containers/${container}/archive`, { query: { path } });
  response.destroy();
  const header = String(response.headers["x-docker-container-path-stat"] ?? "");
  return JSON.parse(Buffer.from(header, "base64").toString("utf8")) as { mode: number; linkTarget?: string };
}

/** Copies a file or directory out of a container. */
export async function copyFromContainer(
  client: DockerClient,
  container: string,
  path: string,
  destination: string,
  followLink: boolean,
): Promise<void> {
  const target = resolve(destination);
  const existing = await stat(target).catch(() => undefined);
  const into = existing?.isDirectory() || destination.endsWith("/");
  if (into && !existing)
    throw invalidArgument(`invalid output path: directory "${dirname(target)}" does not exist`);
  const source = followLink ? (await statIn(client, container, path)).linkTarget || path : path;
  const stream = await client.stream("GET", `/containers/${container}/archive`, { query: { path: source } });
  let root: string | undefined;
  for await (const member of readTar(stream)) {
    const name = member.entry.name.replace(/\/+$/, "");
    root ??= name.split("/")[0]!;
    const inside = name === root ? "" : name.slice(root.length + 1);
    // Nothing of a container leaves the place where it is meant to come.
    if (inside.split("/").includes("..")) throw invalidArgument(`invalid path in archive: ${name}`);
    const place = join(target, into ? (path.endsWith("/.") ? "" : root) : "", inside);
    await writeMember(member, place);
  }
}

type Member = Awaited<ReturnType<ReturnType<typeof readTar>["next"]>>["value"];

async function writeMember({ entry, body }: NonNullable<Member>, place: string): Promise<void> {
  if (entry.type === "directory") await mkdir(place, { recursive: true, mode: entry.mode });
  else if (entry.type === "symlink") await symlink(entry.linkName, place);
  else if (entry.type === "file") {
    await mkdir(dirname(place), { recursive: true });
    await pipeline(Readable.from(body), createWriteStream(place, { mode: entry.mode }));
    await chmod(place, entry.mode);
  }
}
