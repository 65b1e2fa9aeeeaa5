import { type ErrorKind, GantryError, isGantryError } from "../../base/index.ts";
import { isStatusError } from "../api/index.ts";

/** Refusals by which the server says that it did nothing. */
const REFUSALS = new Set<ErrorKind>([
  "NotFound",
  "AlreadyExists",
  "Conflict",
  "InvalidArgument",
  "PermissionDenied",
  "Unauthenticated",
  "ResourceExhausted",
  "NotImplemented",
  "Gone",
]);

/** Whether the write surely had no effect; a time-out or a lost connection says nothing about it. */
export function wasRefused(error: unknown): boolean {
  return error instanceof GantryError && REFUSALS.has(error.kind);
}

/** Nothing can be made in a namespace that is going away, and nothing needs to be. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!isStatusError(error, "Forbidden")) return false;
  return (error.status.details?.causes ?? []).some((cause) => cause.reason === "NamespaceTerminating");
}

/** Lets a write pass whose object is gone already; says whether it was there. */
export async function unlessGone(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
    return false;
  }
}

/** What a look-up finds; undefined where there is nothing. */
export async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
    return undefined;
  }
}
