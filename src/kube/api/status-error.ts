import { diskError, type ErrorKind, errorMessage, GantryError, withHint } from "../../base/index.ts";
import type { FieldError, Status } from "./types.ts";

/** Which resource a refusal speaks of; every KindDefinition and ResourceRef is one. */
export interface GroupResource {
  group: string;
  resource: string;
  /** Served a second time elsewhere: the store speaks of what it keeps. */
  storedAs?: Pick<GroupResource, "group" | "resource">;
}

export interface GroupKind {
  group: string;
  kind: string;
  storedAs?: Pick<GroupKind, "group">;
}

/** The one error that the API server hands out: carries the metav1.Status that the client reads. */
export class StatusError extends GantryError {
  readonly status: Status;

  constructor(status: Status, cause?: unknown) {
    const reason = status.reason ?? "Unknown";
    super(KIND_BY_REASON[reason] ?? kindByCode(status.code ?? 500), status.message ?? reason, {
      code: `Kubernetes.${reason}`,
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = "StatusError";
    this.status = status;
  }

  /** metav1.StatusReason: `NotFound`, `Conflict`, … */
  get reason(): string {
    return this.status.reason ?? "";
  }
}

const KIND_BY_REASON: Record<string, ErrorKind> = {
  NotFound: "NotFound",
  AlreadyExists: "AlreadyExists",
  Conflict: "Conflict",
  Invalid: "InvalidArgument",
  BadRequest: "InvalidArgument",
  Forbidden: "PermissionDenied",
  Unauthorized: "Unauthenticated",
  Gone: "Gone",
  Expired: "Gone",
  Timeout: "DeadlineExceeded",
  ServerTimeout: "DeadlineExceeded",
  TooManyRequests: "ResourceExhausted",
  RequestEntityTooLarge: "ResourceExhausted",
  ServiceUnavailable: "Unavailable",
  MethodNotAllowed: "NotImplemented",
  NotImplemented: "NotImplemented",
  NotAcceptable: "InvalidArgument",
  UnsupportedMediaType: "InvalidArgument",
  InternalError: "Internal",
  Unknown: "InvalidArgument",
};

function kindByCode(code: number): ErrorKind {
  if (code === 404) return "NotFound";
  if (code === 409) return "Conflict";
  return code >= 400 && code < 500 ? "InvalidArgument" : "Internal";
}

/** True for a StatusError, with the given reason where one is named. */
export function isStatusError(error: unknown, reason?: string): error is StatusError {
  return error instanceof StatusError && (reason === undefined || error.status.reason === reason);
}

/** A failure Status as upstream builds it: empty details are left out. */
export function failureStatus(
  code: number,
  reason: string | undefined,
  message: string,
  details?: Status["details"],
): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details: compact(details) }),
    code,
  };
}

function compact(details: NonNullable<Status["details"]>): NonNullable<Status["details"]> {
  const entries = Object.entries(details).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries);
}

const statusError = (
  code: number,
  reason: string,
  message: string,
  details?: Status["details"],
  cause?: unknown,
): StatusError => new StatusError(failureStatus(code, reason, message, details), cause);

/** `pods`, `deployments.apps`. */
export function groupResourceText({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** `Pod`, `Deployment.apps`. */
export function groupKindText({ group, kind }: GroupKind): string {
  return group === "" ? kind : `${kind}.${group}`;
}

const stored = (of: GroupResource): GroupResource => of.storedAs ?? of;
const resourceDetails = (of: GroupResource, name: string) => ({ name, group: of.group, kind: of.resource });
const quote = (text: string) => JSON.stringify(text);

export function statusNotFound(of: GroupResource, name: string): StatusError {
  const message = `${groupResourceText(stored(of))} ${quote(name)} not found`;
  return statusError(404, "NotFound", message, resourceDetails(stored(of), name));
}

export function statusAlreadyExists(of: GroupResource, name: string, isBeingDeleted = false): StatusError {
  const prefix = isBeingDeleted ? "object is being deleted: " : "";
  const message = `${prefix}${groupResourceText(stored(of))} ${quote(name)} already exists`;
  return statusError(409, "AlreadyExists", message, resourceDetails(stored(of), name));
}

/** Answer to a create with generateName whose random names were all taken. */
export function statusGenerateNameConflict(of: GroupResource, name: string): StatusError {
  const message = `${groupResourceText(stored(of))} ${quote(name)} already exists, the server was not able to generate a unique name for the object`;
  return statusError(409, "AlreadyExists", message, {
    ...resourceDetails(stored(of), name),
    retryAfterSeconds: 1,
  });
}

/** registry/generic: what an update with an old resourceVersion is told. */
export const OPTIMISTIC_LOCK_MESSAGE =
  "the object has been modified; please apply your changes to the latest version and try again";

export function statusConflict(
  of: GroupResource,
  name: string,
  why: string = OPTIMISTIC_LOCK_MESSAGE,
): StatusError {
  const message = `Operation cannot be fulfilled on ${groupResourceText(stored(of))} ${quote(name)}: ${why}`;
  return statusError(409, "Conflict", message, resourceDetails(stored(of), name));
}

/** Several errors are printed as `[a, b]`; equal ones once (apimachinery's Aggregate). */
export function aggregateText(texts: readonly string[]): string {
  const each = [...new Set(texts)];
  return each.length === 1 ? each[0]! : `[${each.join(", ")}]`;
}

export const errorListText = (errors: readonly FieldError[]): string =>
  aggregateText(errors.map(({ field, message }) => `${field}: ${message}`));

export function statusInvalid(of: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const { group } = of.storedAs ?? of;
  const head = `${groupKindText({ ...of, group })} ${quote(name)} is invalid`;
  return statusError(422, "Invalid", errors.length === 0 ? head : `${head}: ${errorListText(errors)}`, {
    name,
    group,
    kind: of.kind,
    causes: errors.map((error) => ({ reason: error.type, message: error.message, field: error.field })),
  });
}

export function statusBadRequest(message: string, cause?: unknown): StatusError {
  return statusError(400, "BadRequest", message, undefined, cause);
}

export function statusForbidden(of: GroupResource | undefined, name: string, why: string): StatusError {
  if (of === undefined || of.resource === "") return statusError(403, "Forbidden", `forbidden: ${why}`, {});
  const subject = name === "" ? groupResourceText(of) : `${groupResourceText(of)} ${quote(name)}`;
  return statusError(403, "Forbidden", `${subject} is forbidden: ${why}`, resourceDetails(of, name));
}

export function statusUnauthorized(message = "Unauthorized"): StatusError {
  return statusError(401, "Unauthorized", message);
}

export function statusGone(message: string): StatusError {
  return statusError(410, "Gone", message);
}

/** What a watch or a paged list gets whose revision is compacted. */
export function statusExpired(message: string): StatusError {
  return statusError(410, "Expired", message);
}

/** `action` is the verb as upstream names it: `create`, `delete`, `patch`, … */
export function statusMethodNotAllowed(of: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(groupResourceText(of))}`;
  return statusError(405, "MethodNotAllowed", message, { group: of.group, kind: of.resource });
}

export function statusNotAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(", ")}`;
  return statusError(406, "NotAcceptable", message);
}

export function statusUnsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return statusError(415, "UnsupportedMediaType", message);
}

export function statusTooLarge(message: string): StatusError {
  return statusError(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
}

/** With 0 the client is not told when to come again. An eviction that a budget forbids, for example, carries a cause. */
export function statusTooManyRequests(
  message: string,
  retryAfterSeconds: number,
  causes?: NonNullable<Status["details"]>["causes"],
): StatusError {
  return statusError(429, "TooManyRequests", message, {
    ...(causes === undefined ? {} : { causes }),
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  });
}

export function statusServiceUnavailable(message: string): StatusError {
  return statusError(503, "ServiceUnavailable", message);
}

export function statusTimeout(message: string, retryAfterSeconds = 0): StatusError {
  const details = retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
  return statusError(504, "Timeout", `Timeout: ${message}`, details);
}

export function statusServerTimeout(
  of: GroupResource,
  operation: string,
  retryAfterSeconds: number,
): StatusError {
  const message = `The ${operation} operation against ${groupResourceText(of)} could not be completed at this time, please try again.`;
  return statusError(500, "ServerTimeout", message, {
    group: of.group,
    kind: of.resource,
    name: operation,
    retryAfterSeconds,
  });
}

/** The client asks for a resourceVersion that the store has not reached. */
export function statusTooLargeResourceVersion(wanted: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  return statusError(504, "Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

export function statusInternal(message: string, cause?: unknown): StatusError {
  const details = { causes: [{ message }] };
  return statusError(500, "InternalError", `Internal error occurred: ${message}`, details, cause);
}

/** A patch that cannot be applied (NewGenericServerResponse with 422): why is not told. */
export function statusRejected(cause?: unknown): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return statusError(422, "Invalid", message, {}, cause);
}

/** What upstream finds wrong with a request without a class for it: 500, no reason. */
export function statusUnclassified(message: string, cause?: unknown): StatusError {
  return new StatusError(failureStatus(500, undefined, message), cause);
}

export function statusNotImplemented(message: string): StatusError {
  return statusError(501, "NotImplemented", message);
}

/** The map to the Kubernetes edge: what a client is told about whatever was thrown. */
export function toStatus(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const failure = diskError(error);
  if (failure) return statusInternal(withHint(failure)).status;
  if (!(error instanceof GantryError)) return statusInternal(errorMessage(error)).status;
  const [code, reason] = CODE_BY_KIND[error.kind];
  if (reason === "InternalError") return statusInternal(error.message).status;
  return failureStatus(code, reason, error.message);
}

const CODE_BY_KIND: Record<ErrorKind, [code: number, reason: string]> = {
  NotFound: [404, "NotFound"],
  InvalidArgument: [400, "BadRequest"],
  AlreadyExists: [409, "AlreadyExists"],
  Conflict: [409, "Conflict"],
  Unauthenticated: [401, "Unauthorized"],
  PermissionDenied: [403, "Forbidden"],
  Unavailable: [503, "ServiceUnavailable"],
  ResourceExhausted: [429, "TooManyRequests"],
  DeadlineExceeded: [504, "Timeout"],
  Canceled: [499, "Timeout"],
  NotImplemented: [501, "NotImplemented"],
  NotModified: [304, "NotModified"],
  Gone: [410, "Expired"],
  DataLoss: [500, "InternalError"],
  Internal: [500, "InternalError"],
};
