import { GantryError } from "../../../base/index.ts";

const MINUTE_MS = 60_000;
/** The default of upstream's --cluster-signing-duration: nobody gets more. */
export const LONGEST_MS = 365 * 24 * 60 * MINUTE_MS;
const SHORTEST_MS = 10 * MINUTE_MS;
/** Other machines' clocks may be behind. */
const BACKDATE_MS = 5 * MINUTE_MS;
/** Of a shorter life the back-dating would be a good part. */
const SHORT_MS = 8 * 60 * MINUTE_MS;

/**
 * From when until when a certificate holds that is issued now (authority.PermissiveSigningPolicy): never longer than the
 * authority's own. Throws Unavailable once that has expired.
 */
export function validityOf(
  expirationSeconds: number | undefined,
  nowMs: number,
  authorityEndMs: number,
  longestMs = LONGEST_MS,
): { notBeforeMs: number; notAfterMs: number } {
  const notBeforeMs = nowMs - BACKDATE_MS;
  const lifeMs =
    expirationSeconds === undefined
      ? longestMs
      : Math.min(longestMs, Math.max(SHORTEST_MS, expirationSeconds * 1000));
  const endMs = nowMs + (lifeMs < SHORT_MS ? lifeMs : lifeMs - BACKDATE_MS);
  if (nowMs >= authorityEndMs)
    throw new GantryError("Unavailable", `the signer has expired: ${new Date(authorityEndMs).toISOString()}`);
  return { notBeforeMs, notAfterMs: Math.min(endMs, authorityEndMs) };
}
