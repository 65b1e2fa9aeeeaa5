import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createIgnoreMatcher, type IgnoreMatcher, parseDockerignore } from "../../formats/index.ts";

/** `Dockerfile.dockerignore` beside the Dockerfile, else `.dockerignore` of the context. */
export function readIgnore(directory: string, ignoreFile: string | undefined): IgnoreMatcher {
  const path = [ignoreFile, join(directory, ".dockerignore")].find(
    (one) => one !== undefined && existsSync(one),
  );
  return createIgnoreMatcher(path === undefined ? [] : parseDockerignore(readFileSync(path, "utf8")));
}
