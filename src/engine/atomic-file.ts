import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoCode, GantryError } from "../base/index.ts";

/** Replaces a file so that after a crash either the old or the new content is there, and the new one once this resolves. */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Makes a directory whose existence survives a crash. */
export async function makeDirectoryDurable(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  await syncDirectory(dirname(path));
}

/** The file's JSON, undefined when there is no file; DataLoss when it is not JSON. */
export async function readJsonFile<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new GantryError("DataLoss", `${path} is damaged`, {
      code: "Engine.DamagedFile",
      details: { path },
      cause: error,
    });
  }
}
