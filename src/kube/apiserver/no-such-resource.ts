import { failureStatus, StatusError } from "../api/index.ts";

/** The answer to paths that nothing is served under. */
export function noSuchResource(): StatusError {
  return new StatusError(
    failureStatus(404, "NotFound", "the server could not find the requested resource", {}),
  );
}
