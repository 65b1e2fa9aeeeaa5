import { GantryError, type GantryErrorOptions, isGantryError } from "../../base/index.ts";
import type { SourceInfo, SourceRange } from "../llb/index.ts";

export interface ErrorLocation {
  info: SourceInfo;
  ranges: readonly SourceRange[];
}

/** An error of a frontend that knows which lines it speaks of, so that a client can show them (`errdefs.Source`). */
export class LocatedError extends GantryError {
  /** Innermost first. */
  readonly locations: readonly ErrorLocation[];

  constructor(cause: GantryError, locations: readonly ErrorLocation[], message = cause.message) {
    const options: GantryErrorOptions = { code: cause.code, cause };
    if (cause.hint !== undefined) options.hint = cause.hint;
    if (cause.details !== undefined) options.details = cause.details;
    super(cause.kind, message, options);
    this.locations = locations;
  }
}

/** Says of an error where it stands, in addition to what is known already. What is no GantryError stays what it is. */
export function withLocation(error: unknown, location: ErrorLocation, message?: string): unknown {
  if (!isGantryError(error)) return error;
  const known = error instanceof LocatedError ? error.locations : [];
  return new LocatedError(error, [...known, location], message);
}
