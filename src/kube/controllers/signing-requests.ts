import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../api/index.ts";

export function conditionsOf({ status }: CertificateSigningRequest): CertificateSigningRequestCondition[] {
  return status?.conditions ?? [];
}

/** Whether a condition of the type stands there, whatever its status says: decisions are never taken back. */
export function hasCondition(request: CertificateSigningRequest, wanted: string): boolean {
  return conditionsOf(request).some(({ type }) => type === wanted);
}

/** Approved and not denied. */
export function isApproved(request: CertificateSigningRequest): boolean {
  return hasCondition(request, "Approved") && !hasCondition(request, "Denied");
}

export function isIssued({ status }: CertificateSigningRequest): boolean {
  return Boolean(status?.certificate);
}

export function withCondition(
  request: CertificateSigningRequest,
  condition: CertificateSigningRequestCondition,
): CertificateSigningRequest {
  return { ...request, status: { ...request.status, conditions: [...conditionsOf(request), condition] } };
}
