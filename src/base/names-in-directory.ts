import { readdir } from "node:fs/promises";
import { errnoCode } from "./errors.ts";

/** None where the directory is not there; any other failure is the caller's. */
export async function namesInDirectory(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return [];
    throw error;
  }
}
