import { diskError, errorMessage, GantryError } from "../base/index.ts";

/** What a failed file operation means to a caller: a full disk, lost data, or a fault of ours. */
export function storageError(error: unknown, operation: string): GantryError {
  const failure = diskError(error, operation);
  if (failure) return failure;
  if (error instanceof GantryError) return error;
  return new GantryError("Internal", `${operation}: ${errorMessage(error)}`, {
    code: "Content.Failed",
    cause: error,
  });
}
