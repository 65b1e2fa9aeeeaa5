import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { errnoCode } from "../../base/index.ts";

/** `log.1` is younger than `log.2`. */
export function rotatedPath(path: string, age: number): string {
  return `${path}.${age}`;
}

/** Which of a directory's files belong to a log, by age, the youngest first: 0 is the log itself, where it is there. */
export function agesOf(path: string, names: readonly string[]): number[] {
  const name = basename(path);
  const ages = names.flatMap((other) => {
    if (other === name) return [0];
    const age = other.startsWith(`${name}.`) ? other.slice(name.length + 1) : "";
    return /^[1-9]\d*$/.test(age) ? [Number(age)] : [];
  });
  return ages.sort((a, b) => a - b);
}

export interface OpenLogFile {
  handle: FileHandle;
  inode: number;
}

/**
 * The log's files, oldest first, each open: those moved aside and the current one. What is open can be read to its end
 * whatever a rotation does with its name. Empty while there is no log.
 */
export async function openLogFiles(path: string): Promise<OpenLogFile[]> {
  for (;;) {
    const opened = await openAll(path);
    // A rotation in the middle gives files other names: one may be missing then.
    const names = await namesOf(path);
    const again = (await Promise.all(names.map(inodeOf))).filter((inode) => inode !== undefined);
    if (opened.map(({ inode }) => inode).join() === again.join()) return opened;
    await closeAll(opened);
  }
}

export async function closeAll(files: readonly OpenLogFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}

async function openAll(path: string): Promise<OpenLogFile[]> {
  const opened: OpenLogFile[] = [];
  for (const file of await namesOf(path)) {
    const handle = await openIfThere(file);
    if (handle) opened.push({ handle, inode: (await handle.stat()).ino });
  }
  return opened;
}

/** The log with what was moved aside; fine when it is gone. */
export async function removeLog(path: string): Promise<void> {
  for (const name of await namesOf(path)) await rm(name, { force: true });
}

export async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Oldest first. */
async function namesOf(path: string): Promise<string[]> {
  try {
    const ages = agesOf(path, await readdir(dirname(path)));
    return ages.reverse().map((age) => (age === 0 ? path : rotatedPath(path, age)));
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
