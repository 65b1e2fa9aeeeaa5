import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GantryError, isGantryError, syncDirectory } from "../../base/index.ts";
import { namedFileError } from "../embedded/disk-errors.ts";
import { DATA_FILE } from "../embedded/lmdb-open.ts";
import type { SnapshotInfo } from "../types.ts";
import { sealSnapshot } from "./snapshot-file.ts";

/**
 * Writes a snapshot; `copyInto` puts a data file into a directory. The file appears under its name only when it is whole and durable.
 * Throws AlreadyExists (`Store.SnapshotExists`) instead of replacing one, NotFound (`Store.NoDirectory`), PermissionDenied
 * (`Store.NoPermission`), ResourceExhausted (`Store.NoSpace`).
 */
export async function writeSnapshot(
  file: string,
  revision: number,
  copyInto: (dir: string) => Promise<void>,
): Promise<SnapshotInfo> {
  if (await exists(file)) throw snapshotExists(file);
  let work: string | undefined;
  try {
    work = await mkdtemp(join(dirname(file), `.${basename(file)}-`));
    await copyInto(work);
    const path = join(work, DATA_FILE);
    const digest = await sealSnapshot(path);
    await rename(path, file);
    await syncDirectory(dirname(file));
    return { file, revision, sizeBytes: (await stat(file)).size, sha256: digest.toString("hex") };
  } catch (error) {
    if (isGantryError(error, "ResourceExhausted")) throw noRoomFor(file, error);
    throw namedFileError(file, error);
  } finally {
    if (work) await rm(work, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

const snapshotExists = (file: string) =>
  new GantryError("AlreadyExists", `${file} exists already`, {
    code: "Store.SnapshotExists",
    hint: "Name a file that does not exist; nothing was replaced.",
  });

const noRoomFor = (file: string, cause: unknown) =>
  new GantryError("ResourceExhausted", `there is no room for the snapshot ${file}`, {
    code: "Store.NoSpace",
    hint: "Free some space on its disk, or name a file on another one.",
    cause,
  });
