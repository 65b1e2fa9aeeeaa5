import { describe, describeVersion, type EventLog, sameVersion } from "../event-log.ts";
import {
  type GetRecord,
  type History,
  idOf,
  type OperationRecord,
  putsOf,
  type RangeRecord,
  type SeenEvent,
  type TransactRecord,
  type Version,
} from "../history.ts";
import type { WireOperation } from "../protocol.ts";
import type { Violations } from "../violation.ts";
import { isEndOfLease } from "./leases.ts";

/**
 * Holds every operation against the log. As each answer tells its revision, the order of all operations is known, and it is left to
 * check that each saw and did just what that order says, and that the order agrees with time: what had ended before
 * something began is before it. Together that is strict serializability, of one key and of all.
 */
export function validateOperations(history: History, log: EventLog, violations: Violations): void {
  new OperationValidator(history, log, violations).validate();
}

class OperationValidator {
  readonly #history: History;
  readonly #log: EventLog;
  readonly #violations: Violations;
  /** Revision by the transaction that was acknowledged with it. */
  readonly #acknowledged = new Map<number, TransactRecord>();
  readonly #unknown: TransactRecord[] = [];
  readonly #byPutId = new Map<string, TransactRecord>();

  constructor(history: History, log: EventLog, violations: Violations) {
    this.#history = history;
    this.#log = log;
    this.#violations = violations;
  }

  validate(): void {
    for (const record of this.#history.operations) {
      if (record.call === "transact") this.#validateTransaction(record);
      else if (record.outcome === "ok") this.#validateRead(record);
      else if (record.code !== undefined) this.#validateRefusal(record);
    }
    this.#validateOrder();
    this.#explainEveryEvent();
  }

  #validateTransaction(record: TransactRecord): void {
    for (const { id } of putsOf(record.takes)) this.#byPutId.set(id, record);
    if (record.outcome === "unknown") this.#unknown.push(record);
    if (!record.gives) return;
    const { revision, succeeded } = record.gives;
    const wrote = hasWritten(record);
    const base = wrote ? revision - 1 : revision;
    this.#expectCompare(record, base, succeeded);
    if (wrote) this.#expectWritten(record, revision);
    this.#expectResults(record, base);
  }

  #expectCompare({ client, takes }: TransactRecord, base: number, succeeded: boolean): void {
    const holds = takes.compare.every(
      ({ key, target, value }) => (this.#log.stateAt(key, base)?.[target] ?? 0) === value,
    );
    this.#violations.expect(
      holds === succeeded,
      "compares are right",
      () => `${client}: ${JSON.stringify(takes.compare)} came out as ${succeeded} at ${base}`,
    );
  }

  #expectWritten(record: TransactRecord, revision: number): void {
    const other = this.#acknowledged.get(revision);
    if (other)
      this.#violations.add(
        "a revision is one transaction",
        `${revision} was told to ${other.client} and ${record.client}`,
      );
    this.#acknowledged.set(revision, record);
    const expected = describe(this.#eventsOf(branchOf(record), revision));
    const found = describe(this.#log.eventsAt(revision));
    if (expected === found) return;
    const isPart = found !== "nothing" && found.split(", ").every((event) => expected.includes(event));
    const property = isPart ? "transactions are atomic" : "nothing acknowledged is lost";
    this.#violations.add(
      property,
      `${record.client} was told of ${expected} at ${revision}; the store has ${found}`,
    );
  }

  /** What the operations do to the state before `revision` if they become it. */
  #eventsOf(operations: readonly WireOperation[], revision: number): SeenEvent[] {
    const events: SeenEvent[] = [];
    const before = revision - 1;
    const remove = (item: Version) =>
      events.push({ type: "delete", item: deletedVersion(item.key, revision), previous: item });
    for (const operation of operations) {
      if (operation.type === "put") {
        const previous = this.#log.stateAt(operation.key, before);
        events.push({ type: "put", item: nextVersion(operation, previous, revision), previous });
      } else if (operation.type === "delete") {
        const previous = this.#log.stateAt(operation.key, before);
        if (previous) remove(previous);
      } else if (operation.type === "deletePrefix") {
        for (const previous of this.#log.listAt(operation.prefix, before)) remove(previous);
      }
    }
    return events;
  }

  #expectResults(record: TransactRecord, base: number): void {
    for (const [index, operation] of branchOf(record).entries()) {
      const result = record.gives!.results[index] ?? {};
      if (operation.type === "get") this.#expectVersion(record, operation.key, base, result.item);
      else if (operation.type !== "deletePrefix")
        this.#expectVersion(record, operation.key, base, result.previous?.[0]);
    }
  }

  #expectVersion(
    { client }: OperationRecord,
    key: string,
    revision: number,
    found: Version | undefined,
  ): void {
    const expected = this.#log.stateAt(key, revision);
    this.#violations.expect(
      sameVersion(found, expected),
      "reads are right",
      () =>
        `${client} read ${key} at ${revision} as ${describeVersion(found)}; it was ${describeVersion(expected)}`,
    );
  }

  #validateRead(record: GetRecord | RangeRecord): void {
    if (record.call === "get") {
      const at = record.takes.revision || record.gives!.revision;
      this.#expectVersion(record, record.takes.key, at, record.gives!.item);
      return;
    }
    const { items, count, more, revision } = record.gives!;
    const { prefix, limit = 0, revision: wanted } = record.takes;
    const expected = this.#log.listAt(prefix, wanted || revision);
    const shown = limit > 0 ? expected.slice(0, limit) : expected;
    const isRight =
      count === expected.length &&
      more === shown.length < expected.length &&
      items.length === shown.length &&
      items.every((item, index) => sameVersion(item, shown[index]));
    this.#violations.expect(isRight, "lists are right", () => {
      const difference = items.find((item, index) => !sameVersion(item, shown[index]));
      const first = difference
        ? `first ${describeVersion(difference)}`
        : `${items.length} items, ${count} counted`;
      return `${record.client} listed ${prefix} at ${wanted || revision}: ${first}; there were ${expected.length}`;
    });
  }

  /** A past that is refused must be compacted or still to come. */
  #validateRefusal(record: GetRecord | RangeRecord): void {
    const wanted = record.takes.revision ?? 0;
    if (record.code === "Store.Compacted" && wanted > 0 && wanted < this.#history.compactionAsked) return;
    if (record.code === "Store.FutureRevision" || isFailureOfEnvironment(record.code!)) return;
    this.#violations.add(
      "errors are right",
      `${record.client} read ${JSON.stringify(record.takes)}: ${record.code}`,
    );
  }

  /** Every operation's revision against all that had ended before it began, and every writer had begun before it is seen. */
  #validateOrder(): void {
    const done = this.#history.operations.filter((record) => record.outcome === "ok");
    const byEnd = [...done].sort((a, b) => a.completedAt - b.completedAt);
    const byBegin = [...done].sort((a, b) => a.invokedAt - b.invokedAt);
    let ended = 0;
    let highest = 0;
    for (const record of byBegin) {
      for (; ended < byEnd.length && byEnd[ended]!.completedAt < record.invokedAt; ended++) {
        highest = Math.max(highest, byEnd[ended]!.gives!.revision);
      }
      const { revision } = record.gives!;
      const isNew = record.call === "transact" && hasWritten(record);
      this.#violations.expect(
        isNew ? revision > highest : revision >= highest,
        "order agrees with time",
        () => `${record.client}'s ${record.call} got revision ${revision} after ${highest} had been told`,
      );
      this.#expectWriterHadBegun(record, revision);
    }
  }

  #expectWriterHadBegun(record: OperationRecord, revision: number): void {
    const writer = this.#acknowledged.get(revision);
    if (!writer || writer === record) return;
    this.#violations.expect(
      writer.invokedAt < record.completedAt,
      "order agrees with time",
      () => `${record.client} saw revision ${revision} before ${writer.client} had begun to write it`,
    );
  }

  /** Nothing is in the store that nobody wrote, and nothing twice. */
  #explainEveryEvent(): void {
    const seenIds = new Set<string>();
    for (let revision = this.#log.firstRevision; revision <= this.#log.lastRevision; revision++) {
      const events = this.#log.eventsAt(revision);
      for (const { type, item } of events) {
        if (type !== "put") continue;
        if (seenIds.has(item.id))
          this.#violations.add("nothing is written twice", `${item.id} once more at ${revision}`);
        seenIds.add(item.id);
      }
      if (this.#acknowledged.has(revision) || events.length === 0) continue;
      if (isEndOfLease(events, revision, this.#history, this.#log)) continue;
      if (!this.#findUnknownWriter(events, revision)) {
        this.#violations.add("nothing comes from nowhere", `${describe(events)} at ${revision}`);
      }
    }
  }

  #findUnknownWriter(events: readonly SeenEvent[], revision: number): boolean {
    const put = events.find((event) => event.type === "put");
    const writer = put && this.#byPutId.get(put.item.id);
    const candidates = put ? (writer?.outcome === "unknown" ? [writer] : []) : this.#unknown;
    const found = describe(events);
    return candidates.some(
      ({ takes }) =>
        takes.compare.every(
          ({ key, target, value }) => (this.#log.stateAt(key, revision - 1)?.[target] ?? 0) === value,
        ) && describe(this.#eventsOf(takes.success, revision)) === found,
    );
  }
}

function branchOf({ takes, gives }: TransactRecord): readonly WireOperation[] {
  return gives!.succeeded ? takes.success : takes.failure;
}

function hasWritten(record: TransactRecord): boolean {
  return branchOf(record).some(
    (operation, index) =>
      operation.type === "put" || (record.gives!.results[index]?.previous?.length ?? 0) > 0,
  );
}

function nextVersion(
  { key, value }: { key: string; value: string },
  previous: Version | undefined,
  revision: number,
): Version {
  const createRevision = previous?.createRevision ?? revision;
  return {
    key,
    id: idOf(value),
    createRevision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
  };
}

function deletedVersion(key: string, revision: number): Version {
  return { key, id: "", createRevision: 0, modRevision: revision, version: 0 };
}

/** Answers to a read that a fault outside of the store explains. */
function isFailureOfEnvironment(code: string): boolean {
  return [
    "Store.Unavailable",
    "Store.Unreachable",
    "Store.Timeout",
    "Store.OutcomeUnknown",
    "Store.Closed",
  ].includes(code);
}
