import { errnoCode, errorMessage, GantryError } from "../base/index.ts";

/** What a failed file operation means to a caller: a full disk, lost data, or a fault of ours. */
export function storageError(error: unknown, operation: string): GantryError {
  if (error instanceof GantryError) return error;
  const errno = errnoCode(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new GantryError("ResourceExhausted", `${operation}: no space left on device`, {
      code: "Content.NoSpace",
      hint: "free some disk space, for instance with `docker system prune`",
      cause: error,
    });
  }
  if (errno === "EIO" || errno === "EROFS") {
    return new GantryError("DataLoss", `${operation}: ${errorMessage(error)}`, {
      code: "Content.IoError",
      cause: error,
    });
  }
  return new GantryError("Internal", `${operation}: ${errorMessage(error)}`, {
    code: "Content.Failed",
    cause: error,
  });
}
