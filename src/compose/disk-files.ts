import { readFileSync, realpathSync, statSync } from "node:fs";
import { diskError, errnoCode, GantryError } from "../base/index.ts";
import type { ProjectFiles } from "./model/index.ts";

/** No Compose file and no file of variables is longer. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The machine's own files. */
export function diskFiles(currentDirectory: string, homeDirectory: string | undefined): ProjectFiles {
  return {
    currentDirectory,
    homeDirectory,
    read(path) {
      try {
        const { size } = statSync(path);
        if (size > MAX_BYTES) throw new GantryError("InvalidArgument", `${path} is too large`);
        return readFileSync(path, "utf8");
      } catch (error) {
        const code = errnoCode(error);
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        if (code === "EISDIR") throw new GantryError("InvalidArgument", `read ${path}: is a directory`);
        throw diskError(error) ?? error;
      }
    },
    kind(path) {
      const found = statSync(path, { throwIfNoEntry: false });
      return found && (found.isDirectory() ? "directory" : "file");
    },
    realPath(path) {
      try {
        return realpathSync(path);
      } catch {
        return path;
      }
    },
    readInput: () => readFileSync(0, "utf8"),
  };
}
