import type { Secret } from "../../generated/types.ts";
import { canonicalTime, timeMs } from "../../meta/time.ts";
import type { KubeObject } from "../../types.ts";

/** Secrets of this type in kube-system let machines join the cluster. */
export const BOOTSTRAP_TOKEN_TYPE = "bootstrap.kubernetes.io/token";

type WithData = KubeObject | Pick<Secret, "data">;

/** A value in a Secret's data as text; empty where there is none. */
export function secretText(secret: WithData, key: string): string {
  const value: unknown = (secret as Pick<Secret, "data">).data?.[key];
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
}

/**
 * For how long the token is still taken, in milliseconds: Infinity where it says nothing of that, 0 once it has expired. What
 * is no time counts as one that is past (cluster-bootstrap's GetExpiration).
 */
export function tokenLifeMs(secret: WithData, nowMs: number): number {
  const expiration = secretText(secret, "expiration");
  if (expiration === "") return Number.POSITIVE_INFINITY;
  try {
    return Math.max(0, timeMs(canonicalTime(expiration, false)) - nowMs);
  } catch {
    return 0;
  }
}
