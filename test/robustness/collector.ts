import type { EventLog } from "./event-log.ts";
import { toSeenBatch } from "./history.ts";
import type { StoreClient } from "./store-client.ts";
import type { Violations } from "./violation.ts";

/**
 * Reads the store's history from a revision up to now into the log, by a watch that starts in the past: the store answers it
 * from what it has kept, not from what it tells its live watchers. Returns the revision that it reached.
 */
export async function collect(
  client: StoreClient,
  log: EventLog,
  fromRevision: number,
  violations: Violations,
): Promise<number> {
  const { revision } = await client.call("status", {});
  if (fromRevision > revision) {
    violations.expect(
      log.lastRevision <= revision,
      "nothing acknowledged is lost",
      () => `revision ${log.lastRevision} was there, and now the store is at ${revision}`,
    );
    return revision;
  }
  await new Promise<void>((resolve, reject) => {
    const options = { key: "", prefix: true, startRevision: fromRevision, everyRevision: true };
    const watch = client.watch(options, (batch) => {
      if (batch.events.length > 0) log.add(toSeenBatch(batch), violations);
      if (batch.revision < revision) return;
      watch.cancel();
      resolve();
    });
    watch.ended.catch(reject);
  });
  return revision;
}
