/** The closed set of error kinds; the three edges (Docker, Kubernetes, gRPC) map these to their own codes. */
export type ErrorKind =
  | "NotFound"
  | "InvalidArgument"
  | "AlreadyExists"
  | "Conflict"
  | "Unauthenticated"
  | "PermissionDenied"
  | "Unavailable"
  | "ResourceExhausted"
  | "DeadlineExceeded"
  | "Canceled"
  | "NotImplemented"
  | "NotModified"
  | "Gone"
  | "DataLoss"
  | "Internal";

export interface GantryErrorOptions {
  /** Stable text, `Module.Reason`-like, from the module's own table; defaults to the kind. */
  code?: string;
  /** One sentence on what the person can do about it. */
  hint?: string;
  /** Machine-readable facts: paths, ids, expected and found values. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** The only error class that may cross a module boundary. A plain Error that reaches an edge is a bug (500). */
export class GantryError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(kind: ErrorKind, message: string, options: GantryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GantryError";
    this.kind = kind;
    this.code = options.code ?? kind;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** True for a GantryError, of the given kind where one is named. */
export function isGantryError(error: unknown, kind?: ErrorKind): error is GantryError {
  return error instanceof GantryError && (kind === undefined || error.kind === kind);
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE`, …), or undefined. */
export function errnoCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const notFound = (message: string, options?: GantryErrorOptions) =>
  new GantryError("NotFound", message, options);
export const invalidArgument = (message: string, options?: GantryErrorOptions) =>
  new GantryError("InvalidArgument", message, options);
export const conflict = (message: string, options?: GantryErrorOptions) =>
  new GantryError("Conflict", message, options);
export const notImplemented = (message: string, options?: GantryErrorOptions) =>
  new GantryError("NotImplemented", message, options);
