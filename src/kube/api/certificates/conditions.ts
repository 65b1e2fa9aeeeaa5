import { rfc3339Seconds } from "../../../base/index.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../generated/types.ts";

type Request = CertificateSigningRequest;

export const APPROVAL_TYPES = ["Approved", "Denied"];

export const conditionsOf = (request: Request | undefined): CertificateSigningRequestCondition[] =>
  request?.status?.conditions ?? [];

export const conditionsOfType = (request: Request, type: string) =>
  conditionsOf(request).filter((condition) => condition.type === type);

/** A write of the status changes nothing of an approval; one that adds or removes some is refused later. */
export function keepApproval(next: Request, previous: Request): void {
  for (const type of APPROVAL_TYPES) {
    const kept = conditionsOfType(previous, type);
    if (kept.length !== conditionsOfType(next, type).length) continue;
    next.status!.conditions = conditionsOf(next).map((one) =>
      one.type === type ? { ...kept.shift()! } : one,
    );
  }
  if (conditionsOf(next).length === 0) delete next.status?.conditions;
}

/** Times that were not sent: now, or since when a condition has been so. */
export function setConditionTimes(next: Request, previous: Request, nowMs: number): void {
  const now = rfc3339Seconds(nowMs);
  for (const condition of conditionsOf(next)) {
    condition.lastUpdateTime ||= now;
    condition.lastTransitionTime ||= sinceWhen(condition, previous) ?? now;
  }
}

function sinceWhen(
  { type, status }: CertificateSigningRequestCondition,
  previous: Request,
): string | undefined {
  return conditionsOf(previous).find(
    (one) => one.type === type && one.status === status && one.lastTransitionTime,
  )?.lastTransitionTime;
}
