import { failureStatus, StatusError } from "../../../api/index.ts";
import { type AdmissionRequest, refusalOf } from "../admission.ts";

const CODES: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

/**
 * The answer to a request that a policy denies: in the words of a refusal, with the code of the validation's reason
 * (policy/validating dispatcher.Dispatch).
 */
export function policyDenial(request: AdmissionRequest, message: string, reason = "Invalid"): StatusError {
  const { status } = refusalOf(request, message);
  return new StatusError(
    failureStatus(CODES[reason] ?? 422, reason, status.message!, {
      ...status.details,
      causes: [...(status.details?.causes ?? []), { message }],
    }),
  );
}
