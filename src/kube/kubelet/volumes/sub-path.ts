import { closeSync, constants, fstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { GantryError, invalidArgument } from "../../../base/index.ts";
import {
  fdPath,
  hasErrno,
  isMountPoint,
  MountFlag,
  mkdirInRoot,
  mount,
  O_PATH,
  openInRoot,
} from "../../../kernel/index.ts";

/**
 * Binds one path of a volume to `target` and returns it. The path is opened inside the volume and what was opened is what
 * is bound, so that a link that a container of the pod swaps in meanwhile leads nowhere else. A missing path becomes a directory.
 */
export function bindSubPath(volumeDir: string, subPath: string, target: string): string {
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) {
    throw invalidArgument(`subPath must be relative and not contain '..': ${subPath}`, {
      code: "Kubelet.SubPath",
    });
  }
  // From an earlier start of the same container.
  if (isMountPoint(target)) return target;
  const fd = openOrCreate(volumeDir, subPath);
  try {
    if (fstatSync(fd).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o750 });
    else {
      mkdirSync(dirname(target), { recursive: true, mode: 0o750 });
      writeFileSync(target, "", { mode: 0o640 });
    }
    mount(fdPath(fd), target, null, MountFlag.BIND);
    return target;
  } finally {
    closeSync(fd);
  }
}

function openOrCreate(volumeDir: string, subPath: string): number {
  try {
    return openInRoot(volumeDir, subPath, O_PATH);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw subPathError(subPath, error);
  }
  try {
    mkdirInRoot(volumeDir, subPath, 0o755);
    return openInRoot(volumeDir, subPath, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    throw subPathError(subPath, error);
  }
}

function subPathError(subPath: string, cause: unknown): GantryError {
  return new GantryError("InvalidArgument", `failed to prepare subPath for volumeMount: ${subPath}`, {
    code: "Kubelet.SubPath",
    cause,
  });
}
