import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, silentLogger } from "../../../src/base/index.ts";
import { openLmdbStore, restoreSnapshot, type Store, type StoreEvent } from "../../../src/store/index.ts";
import { describe, describeVersion, type EventLog, sameVersion } from "../event-log.ts";
import { type History, idOf, type SeenEvent, type SnapshotRecord } from "../history.ts";
import type { Violations } from "../violation.ts";

/**
 * Restores every snapshot into a directory of its own and holds it against the log. A file that nobody was told of (the process was
 * killed before it could say so) may be missing; where it is, it must be whole all the same.
 */
export async function validateSnapshots(
  history: History,
  log: EventLog,
  workDir: string,
  violations: Violations,
): Promise<void> {
  for (const record of history.snapshots) {
    if (record.revision === undefined && !existsSync(record.file)) continue;
    const dir = mkdtempSync(join(workDir, "restored-"));
    try {
      await restoreSnapshot(record.file, dir, 0);
      const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
      await validateRestored(store, record, log, violations).finally(() => store.close());
    } catch (error) {
      const acknowledged = record.revision === undefined ? "unacknowledged" : "acknowledged";
      violations.add("snapshots are whole", `${record.file} (${acknowledged}): ${errorMessage(error)}`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

async function validateRestored(
  store: Store,
  { file, revision: told = 0 }: SnapshotRecord,
  log: EventLog,
  violations: Violations,
): Promise<void> {
  for (const { code, message } of await store.check())
    violations.add("snapshots are whole", `${file}: ${code}: ${message}`);
  const { items, revision } = await store.range("");
  violations.expect(
    revision >= told && revision <= log.lastRevision,
    "snapshots hold what was there",
    () =>
      `${file} is at ${revision}; it was told to be at ${told}, and the store ended at ${log.lastRevision}`,
  );
  const found = new Map(
    items.map((item) => [item.key, { ...item, id: idOf(Buffer.from(item.value).toString()) }]),
  );
  for (const key of new Set([...found.keys(), ...log.keys])) {
    const expected = log.stateAt(key, revision);
    violations.expect(
      sameVersion(found.get(key), expected),
      "snapshots hold what was there",
      () =>
        `${file} has at ${revision} ${describeVersion(found.get(key))} and should have ${describeVersion(expected)}`,
    );
  }
  await validateHistory(store, file, revision, log, violations);
}

async function validateHistory(
  store: Store,
  file: string,
  revision: number,
  log: EventLog,
  violations: Violations,
): Promise<void> {
  const { compactRevision } = await store.status();
  const startRevision = Math.max(compactRevision + 1, log.firstRevision);
  if (startRevision > revision) return;
  for await (const batch of store.watch({ key: "", prefix: true, startRevision, everyRevision: true })) {
    const [found, expected] = [describe(batch.events.map(toSeen)), describe(log.eventsAt(batch.revision))];
    violations.expect(
      batch.events.length === 0 || found === expected,
      "snapshots hold what was there",
      () => `${file} has at ${batch.revision} ${found} and should have ${expected}`,
    );
    if (batch.revision >= revision) return;
  }
}

function toSeen({ type, item }: StoreEvent): SeenEvent {
  const id = type === "delete" ? "" : idOf(Buffer.from(item.value).toString());
  return { type, item: { ...item, id }, previous: undefined };
}
