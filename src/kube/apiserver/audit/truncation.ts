import { type AuditEvent, eventMembers, truncated } from "./audit-event.ts";

/** What is bigger than this loses its objects whatever is configured: many of them wait in memory. */
export const MAX_EVENT_BYTES = 10 * 2 ** 20;

/**
 * The members of an event within `maxBytes`, without its objects where it is bigger with them; undefined where it is too
 * big all the same.
 */
export function membersWithin(event: AuditEvent, maxBytes: number = MAX_EVENT_BYTES): string | undefined {
  const whole = eventMembers(event);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const cut = eventMembers(truncated(event));
  return Buffer.byteLength(cut) <= maxBytes ? cut : undefined;
}
