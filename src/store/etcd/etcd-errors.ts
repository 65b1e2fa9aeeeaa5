import { type ServiceError, status } from "@grpc/grpc-js";
import { GantryError } from "../../base/index.ts";
import { corrupt } from "../errors.ts";

// What etcd answers, and what the store makes of it. etcd's texts are part of its API (package rpctypes).

export const COMPACTED = "etcdserver: mvcc: required revision has been compacted";
export const FUTURE_REVISION = "etcdserver: mvcc: required revision is a future revision";
export const LEASE_NOT_FOUND = "etcdserver: requested lease not found";
export const LEASE_EXISTS = "etcdserver: lease already exists";
export const AUTH_NOT_ENABLED = "etcdserver: authentication is not enabled";
export const PERMISSION_DENIED = "etcdserver: permission denied";

/** Answers given before the request was proposed to the cluster: it had no effect, and another member may do it. */
const REFUSED = new Set([
  "etcdserver: no leader",
  "etcdserver: not capable",
  "etcdserver: too many requests",
  "etcdserver: rpc not supported for learner",
]);

/** The token has expired, its member was restarted, or users were changed: nothing was done. */
const STALE_TOKEN = new Set([
  "etcdserver: invalid auth token",
  "etcdserver: revision of auth store is old",
  "etcdserver: user name is empty",
]);

const ABOUT_REQUEST = new Set([COMPACTED, FUTURE_REVISION, LEASE_NOT_FOUND, LEASE_EXISTS]);

/** True for answers that become an error only with the revision or lease that was asked for. */
export const isAboutRequest = (error: ServiceError) => ABOUT_REQUEST.has(error.details);
export const isRefused = (error: ServiceError) => REFUSED.has(error.details);
export const isStaleToken = (reason: string) => STALE_TOKEN.has(reason);

export function isEtcdFailure(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as { details?: unknown }).details === "string";
}

/** True for failures of the way to etcd, or of etcd's cluster, and not of the request. */
export function isUnavailable({ code }: ServiceError): boolean {
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
}

export const unreachable = (
  endpoints: readonly string[],
  timeoutMs: number,
  reasons: readonly string[],
  cause?: unknown,
) =>
  new GantryError(
    "Unavailable",
    `no etcd answers at ${endpoints.join(", ")} within ${timeoutMs} ms (${reasons.join("; ")})`,
    {
      code: "Store.Unreachable",
      hint: "Check the addresses, that etcd runs, and the TLS files.",
      details: { endpoints: [...endpoints], reasons: [...reasons] },
      cause,
    },
  );

export const outcomeUnknown = (endpoint: string, cause: ServiceError) =>
  new GantryError(
    "Unavailable",
    `etcd at ${endpoint} did not confirm the write (${cause.details}): it may or may not have been done`,
    {
      code: "Store.OutcomeUnknown",
      hint: "Read the object again before the next try.",
      details: { endpoint },
      cause,
    },
  );

export const otherCluster = (endpoint: string) =>
  new GantryError("DataLoss", `etcd at ${endpoint} belongs to another cluster than before`, {
    code: "Store.OtherCluster",
    hint: "All endpoints must be members of one cluster. After a restore of etcd from a backup start Gantry anew.",
    details: { endpoint },
  });

export const wentBack = (endpoint: string, revision: number, seen: number) =>
  new GantryError("DataLoss", `etcd at ${endpoint} is at revision ${revision}, but ${seen} was seen before`, {
    code: "Store.WentBack",
    hint: "etcd lost data or was restored from a backup: start Gantry anew, so that nothing stays in its caches.",
    details: { endpoint, revision, seen },
  });

export const oldEtcd = (endpoint: string, version: string) =>
  new GantryError(
    "InvalidArgument",
    `etcd at ${endpoint} has version ${version || "unknown"}; 3.4 or newer is needed`,
    {
      code: "Store.OldEtcd",
      details: { endpoint, version },
    },
  );

export const halfMigrated = (name: string, prefix: string) =>
  new GantryError("Unavailable", `the store in ${name} is not whole: a migration to there was cut off`, {
    code: "Store.HalfMigrated",
    hint: `Run the same 'gantry store migrate' again; where the data came from they are still whole. To give it up: etcdctl del --prefix '${prefix}'`,
    details: { prefix },
  });

type Make = (error: ServiceError) => GantryError;

const make =
  (kind: ConstructorParameters<typeof GantryError>[0], code: string, message: string, hint?: string): Make =>
  (cause) =>
    new GantryError(kind, message, { code, cause, ...(hint ? { hint } : {}) });

const REQUEST_TOO_LARGE = "etcdserver: request is too large";
/** The same, found by etcd's gRPC server before etcd had a look. */
const TOO_LARGE_FOR_GRPC = /^grpc: received message larger than max /;

const BY_TEXT = new Map<string, Make>([
  [
    "etcdserver: mvcc: database space exceeded",
    make(
      "ResourceExhausted",
      "Store.NoSpace",
      "etcd's database has reached its quota; the write that met it may have been done",
      "Compact and defragment etcd or raise --quota-backend-bytes, then disarm its NOSPACE alarm.",
    ),
  ],
  [
    REQUEST_TOO_LARGE,
    make(
      "InvalidArgument",
      "Store.ValueTooLarge",
      "the write is larger than etcd takes",
      "etcd's --max-request-bytes sets the limit.",
    ),
  ],
  [
    "etcdserver: too many operations in txn request",
    make(
      "InvalidArgument",
      "Store.TooManyOperations",
      "the transaction has more operations than etcd takes",
      "etcd's --max-txn-ops sets the limit.",
    ),
  ],
  [
    "etcdserver: duplicate key given in txn request",
    make("InvalidArgument", "Store.DuplicateKey", "one transaction writes a key twice"),
  ],
  [
    PERMISSION_DENIED,
    make(
      "PermissionDenied",
      "Store.NoPermission",
      "etcd does not permit this to the store's user",
      "The user needs readwrite permission on the store's prefix; watches that tell progress read the whole key space.",
    ),
  ],
  [
    // Of its maintenance service.
    "auth: permission denied",
    make(
      "PermissionDenied",
      "Store.NoPermission",
      "etcd lets only users with the role root do this",
      "Name such a user in the store's address, or use etcdctl.",
    ),
  ],
  [
    "etcdserver: authentication failed, invalid user ID or password",
    make("Unauthenticated", "Store.BadCredentials", "etcd refuses the user or its password"),
  ],
  [
    "etcdserver: user name is empty",
    make("Unauthenticated", "Store.CredentialsNeeded", "etcd wants a user and a password"),
  ],
  [
    "etcdserver: corrupt cluster",
    (cause) => corrupt("etcd reports that its members' data differ", {}, cause),
  ],
]);

/** The error for a request that failed for good. `write` is set where the failure leaves open whether something was done. */
export function etcdError(error: ServiceError, context: { endpoint: string; write: boolean }): GantryError {
  const known = BY_TEXT.get(TOO_LARGE_FOR_GRPC.test(error.details) ? REQUEST_TOO_LARGE : error.details);
  if (known) return known(error);
  if (context.write && !isRefused(error) && isUnavailable(error))
    return outcomeUnknown(context.endpoint, error);
  const message = `etcd at ${context.endpoint}: ${error.details || error.message}`;
  const options = { details: { endpoint: context.endpoint }, cause: error };
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return new GantryError("Unavailable", message, { code: "Store.Unavailable", ...options });
    case status.DEADLINE_EXCEEDED:
      return new GantryError("DeadlineExceeded", message, { code: "Store.Timeout", ...options });
    case status.UNAUTHENTICATED:
      return new GantryError("Unauthenticated", message, { code: "Store.BadCredentials", ...options });
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
    case status.UNIMPLEMENTED:
      return new GantryError("InvalidArgument", message, { code: "Store.Refused", ...options });
    case status.DATA_LOSS:
      return corrupt(message, { endpoint: context.endpoint }, error);
    default:
      // Whatever else a write meets may have happened after it was done.
      return context.write
        ? outcomeUnknown(context.endpoint, error)
        : new GantryError("Unavailable", message, { code: "Store.Unavailable", ...options });
  }
}
