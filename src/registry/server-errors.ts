import { diskError, GantryError } from "../base/index.ts";

/** Error codes of the OCI distribution specification ("Error codes") with the status each goes out with. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOO_LARGE: 413,
  UNAVAILABLE: 503,
  NO_SPACE: 507,
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof STATUS;

/** What a request to the registry fails with. */
export class RegistryFailure extends Error {
  readonly code: RegistryErrorCode;
  readonly detail: unknown;
  readonly headers: Record<string, string>;

  constructor(
    code: RegistryErrorCode,
    message: string,
    options: { detail?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.code = code;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** The failure that a part below means; undefined for a fault of ours. */
export function failureOf(thrown: unknown): RegistryFailure | undefined {
  if (thrown instanceof RegistryFailure) return thrown;
  const error = diskError(thrown) ?? thrown;
  if (!(error instanceof GantryError)) return undefined;
  switch (error.code) {
    case "Content.DigestMismatch":
    case "Digest.Invalid":
      return new RegistryFailure("DIGEST_INVALID", "provided digest did not match uploaded content", {
        detail: error.message,
      });
    case "Content.SizeMismatch":
      return new RegistryFailure("SIZE_INVALID", error.message);
    case "Content.NoIngest":
      return new RegistryFailure("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    case "Content.IngestBusy":
      return new RegistryFailure("BLOB_UPLOAD_INVALID", error.message);
    case "Disk.NoSpace":
      return new RegistryFailure("NO_SPACE", error.message);
    case "Content.NotFound":
      return new RegistryFailure("BLOB_UNKNOWN", "blob unknown to registry");
    case "Http.BodyTooLarge":
    case "Content.TooLarge":
      return new RegistryFailure("TOO_LARGE", error.message);
  }
  if (error.kind === "InvalidArgument") return new RegistryFailure("MANIFEST_INVALID", error.message);
  return error.kind === "Unavailable" ? new RegistryFailure("UNAVAILABLE", error.message) : undefined;
}
