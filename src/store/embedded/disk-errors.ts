import { errnoCode, GantryError } from "../../base/index.ts";
import { maintenanceFailed, noSpace } from "../errors.ts";

const ENOSPC = 28;
const EDQUOT = 122;

/** Of Node.js's errors and of LMDB's, which have numbers. */
export function isFullDisk(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === ENOSPC || code === EDQUOT || code === "ENOSPC" || code === "EDQUOT";
}

/** What is told of work beside the store's own file that could not be done. */
export function maintenanceError(what: string, error: unknown): GantryError {
  if (error instanceof GantryError) return error;
  return isFullDisk(error) ? noSpace(error) : maintenanceFailed(what, error);
}

/** The same for a file that somebody has named. */
export function namedFileError(file: string, error: unknown): GantryError {
  const code = errnoCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new GantryError("NotFound", `the directory of ${file} does not exist`, {
      code: "Store.NoDirectory",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new GantryError("PermissionDenied", `${file} may not be written`, {
      code: "Store.NoPermission",
      cause: error,
    });
  }
  return maintenanceError(`writing ${file}`, error);
}
