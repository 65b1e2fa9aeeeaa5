import {
  diskError,
  type ErrorKind,
  errorMessage,
  GantryError,
  type Logger,
  withHint,
} from "../../base/index.ts";

/** Docker's HTTP status of each kind of error. */
const STATUS: Record<ErrorKind, number> = {
  NotFound: 404,
  InvalidArgument: 400,
  AlreadyExists: 409,
  Conflict: 409,
  Unauthenticated: 401,
  PermissionDenied: 403,
  Unavailable: 503,
  ResourceExhausted: 507,
  DeadlineExceeded: 504,
  Canceled: 499,
  NotImplemented: 501,
  NotModified: 304,
  Gone: 410,
  DataLoss: 500,
  Internal: 500,
};

export interface DockerError {
  status: number;
  message: string;
}

/** What a client sees of an error: `{message}` with a status. Anything but a GantryError is a bug and is logged. */
export function toDockerError(error: unknown, logger: Logger): DockerError {
  const failure = diskError(error);
  if (failure) {
    logger.warn("request failed", { error: failure.message });
    return { status: STATUS[failure.kind], message: withHint(failure) };
  }
  if (!(error instanceof GantryError)) {
    logger.error("a plain error reached the Docker API", { error });
    return { status: 500, message: errorMessage(error) };
  }
  if (error.kind === "Internal" || error.kind === "DataLoss") logger.error("request failed", { error });
  const status = error.code.endsWith("TooLarge") ? 413 : STATUS[error.kind];
  return { status, message: error.message };
}
