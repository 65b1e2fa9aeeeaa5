import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Tables and objects of the original beside the repository; they are no part of it. */
const ROOT = fileURLToPath(new URL("../../../../../shared/k8s/", import.meta.url));

export const hasReferenceData = existsSync(ROOT);

// biome-ignore lint/suspicious/noExplicitAny: each file has a shape of its own
export function referenceJson(path: string): any {
  return JSON.parse(referenceFile(path).toString("utf8"));
}

export function referenceFile(path: string): Buffer {
  return readFileSync(join(ROOT, path));
}

/** The names in one of its folders; none where there is none. */
export function referenceNames(folder: string): string[] {
  const path = join(ROOT, folder);
  return existsSync(path) ? readdirSync(path) : [];
}
