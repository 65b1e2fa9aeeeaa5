import { readFile } from "node:fs/promises";
import { errnoCode, GantryError } from "../base/index.ts";

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
