import { X509Certificate } from "node:crypto";
import { type CertificateSigningRequest, timeMs } from "../../api/index.ts";
import { conditionsOf, isIssued } from "../signing-requests.ts";

const HOUR_MS = 3_600_000;
const DECIDED_MS = HOUR_MS;
const PENDING_MS = 24 * HOUR_MS;

/** Whether nobody needs the request any more: decided an hour ago, undecided for a day, or its certificate has expired. */
export function isOutdated(request: CertificateSigningRequest, nowMs: number): boolean {
  const conditions = conditionsOf(request);
  if (conditions.length === 0) return isOlder(request.metadata.creationTimestamp, PENDING_MS, nowMs);
  return conditions.some(({ type, lastUpdateTime }) => {
    if (type === "Denied" || type === "Failed") return isOlder(lastUpdateTime, DECIDED_MS, nowMs);
    if (type !== "Approved" || !isIssued(request)) return false;
    return isOlder(lastUpdateTime, DECIDED_MS, nowMs) || isExpired(request.status!.certificate!, nowMs);
  });
}

/** What has no time is not old. */
const isOlder = (time: string | null | undefined, ms: number, nowMs: number): boolean =>
  nowMs - timeMs(time) > ms;

/** What cannot be read does not expire. */
function isExpired(base64: string, nowMs: number): boolean {
  try {
    return nowMs > new X509Certificate(Buffer.from(base64, "base64")).validToDate.getTime();
  } catch {
    return false;
  }
}
