import { collect } from "../collector.ts";
import { describeVersion, type EventLog, sameVersion } from "../event-log.ts";
import type { StoreClient } from "../store-client.ts";
import type { Violations } from "../violation.ts";

/** The store as it stands against what its history says, and against its own check. */
export async function validateFinalState(
  client: StoreClient,
  log: EventLog,
  violations: Violations,
): Promise<void> {
  const { items, revision } = await client.call("range", { prefix: "" });
  // Leases still end.
  if (revision > log.lastRevision) await collect(client, log, log.lastRevision + 1, violations);
  violations.expect(
    revision <= log.lastRevision,
    "history has no gap",
    () => `the store is at revision ${revision}, its history ends at ${log.lastRevision}`,
  );
  const found = new Map(items.map((item) => [item.key, item]));
  const keys = new Set([...found.keys(), ...log.keys]);
  for (const key of keys) {
    const expected = log.stateAt(key, revision);
    const property = expected ? "nothing acknowledged is lost" : "nothing deleted comes back";
    violations.expect(
      sameVersion(found.get(key), expected),
      property,
      () => `${key} is ${describeVersion(found.get(key))} and should be ${describeVersion(expected)}`,
    );
  }
  const { problems } = await client.call("check", {});
  for (const { code, message } of problems) violations.add("check is clean", `${code}: ${message}`);
}
