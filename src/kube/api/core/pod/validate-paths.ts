import { invalid } from "../../field-error.ts";
import type { FieldError } from "../../types.ts";

/** A path that stays below where it starts: relative, without `..`. */
export function validateDescendingPath(target: string, path: string): FieldError[] {
  const errors = target.startsWith("/") ? [invalid(path, target, "must be a relative path")] : [];
  return [...errors, ...validateNoBacksteps(target, path)];
}

export function validateNoBacksteps(target: string, path: string): FieldError[] {
  return target.split("/").includes("..") ? [invalid(path, target, "must not contain '..'")] : [];
}

/** As a descending path, and its first name does not start with `..`, which the kubelet keeps for itself. */
export function validateNonReservedPath(target: string, path: string): FieldError[] {
  const errors = validateDescendingPath(target, path);
  if (target.startsWith("..") && !target.startsWith("../"))
    errors.push(invalid(path, target, "must not start with '..'"));
  return errors;
}

const MODE_MESSAGE = "must be a number between 0 and 0777 (octal), both inclusive";

export function validateFileMode(mode: number | undefined, path: string): FieldError[] {
  return mode !== undefined && (mode < 0 || mode > 0o777) ? [invalid(path, mode, MODE_MESSAGE)] : [];
}
