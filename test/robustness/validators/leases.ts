import { describe, type EventLog } from "../event-log.ts";
import type { History, LeaseRecord, SeenEvent } from "../history.ts";
import type { Violations } from "../violation.ts";

/**
 * Leases neither end before their time nor live on after it, and take their keys along in one revision. Their time is measured by the
 * harness, from the outside: what it saw too early was too early.
 */
export function validateLeases(history: History, log: EventLog, violations: Violations): void {
  for (const record of history.leases) {
    validateTime(record, violations);
    validateKeys(record, log, violations);
  }
}

/** Whether a revision is the end of a lease: it deletes all keys that were on it, and nothing else. */
export function isEndOfLease(
  events: readonly SeenEvent[],
  revision: number,
  history: History,
  log: EventLog,
): boolean {
  const deleted = events.map(({ item }) => item.key).sort();
  if (events.some(({ type }) => type !== "delete")) return false;
  const lease = history.leases.find(({ keys }) => keys.includes(deleted[0]!));
  const held = lease?.keys.filter((key) => log.stateAt(key, revision - 1));
  return held?.join() === deleted.join();
}

function validateTime(record: LeaseRecord, violations: Violations): void {
  const { client, id, ttlMs, renewedFromMs, goneAtMs, refusedAtMs, overdueMs, revoke } = record;
  const endedMs = Math.min(goneAtMs ?? Number.POSITIVE_INFINITY, refusedAtMs ?? Number.POSITIVE_INFINITY);
  const livedMs = Math.round(endedMs - renewedFromMs);
  violations.expect(
    revoke !== "never" || livedMs >= ttlMs,
    "leases do not end early",
    () => `${client}'s lease ${id} of ${ttlMs} ms was gone ${livedMs} ms after it was renewed`,
  );
  violations.expect(
    overdueMs === 0,
    revoke === "done" ? "a revoked lease is gone" : "leases end in time",
    () =>
      `${client}'s lease ${id} of ${ttlMs} ms still had its keys ${Math.round(overdueMs)} ms after its end`,
  );
}

function validateKeys(
  { client, id, keys, revoke }: LeaseRecord,
  log: EventLog,
  violations: Violations,
): void {
  const ends = keys.map((key) => log.revisionsOf(key).find((revision) => !log.stateAt(key, revision)));
  violations.expect(
    new Set(ends).size === 1,
    "a lease takes its keys along at once",
    () => `the keys of ${client}'s lease ${id} were deleted at ${ends.join(" and ")}`,
  );
  const [first] = keys;
  const isThere = log.stateAt(first!, log.lastRevision) !== undefined;
  violations.expect(
    revoke !== "done" || !isThere,
    "a revoked lease is gone",
    () =>
      `${client} revoked lease ${id}; at the end there is ${describe(log.eventsAt(log.revisionsOf(first!).at(-1)!))}`,
  );
}
