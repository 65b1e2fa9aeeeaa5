import { describe, describeVersion, type EventLog, sameVersion } from "../event-log.ts";
import type { History, SeenBatch, SeenEvent, WatchRecord } from "../history.ts";
import type { Violations } from "../violation.ts";

/** Ends of a watch that its client, the process' end or a failed write explains, and the cut-off of a slow one. */
const RIGHTFUL_ENDS = [
  "cancelled",
  "lost",
  "Store.Closed",
  "Store.Unavailable",
  "Store.SlowWatcher",
  "Store.Compacted",
];

/** Holds what every watch was told against the log: the properties that etcd promises of watches. */
export function validateWatches(history: History, log: EventLog, violations: Violations): void {
  for (const record of history.watches) new WatchValidator(record, history, log, violations).validate();
}

/** The first revision that a watch, which has been told `batches`, still had to tell by `through`; undefined for none. */
export function firstUntold(record: WatchRecord, log: EventLog, through: number): number | undefined {
  const told = Math.max(record.options.startRevision - 1, record.batches.at(-1)?.revision ?? 0);
  for (let revision = told + 1; revision <= through; revision++) {
    if (watchedEvents(record, log, revision).length > 0) return revision;
  }
  return undefined;
}

function isWatched({ key, prefix }: WatchRecord["options"], one: string): boolean {
  return prefix ? one.startsWith(key) : one === key;
}

function watchedEvents({ options }: WatchRecord, log: EventLog, revision: number): SeenEvent[] {
  return log.eventsAt(revision).filter((event) => isWatched(options, event.item.key));
}

class WatchValidator {
  readonly #record: WatchRecord;
  readonly #history: History;
  readonly #log: EventLog;
  readonly #violations: Violations;
  readonly #name: string;
  /** All up to here must have been told, or be told no more. */
  #through: number;

  constructor(record: WatchRecord, history: History, log: EventLog, violations: Violations) {
    this.#record = record;
    this.#history = history;
    this.#log = log;
    this.#violations = violations;
    const { key, startRevision } = record.options;
    this.#through = startRevision - 1;
    this.#name = `the watch of "${key}" from ${startRevision} by ${record.client}`;
  }

  validate(): void {
    const { batches, end = "cancelled" } = this.#record;
    const seen = new Set<string>();
    for (const batch of batches) {
      for (const { item } of batch.events) {
        const event = `${item.key} at ${item.modRevision}`;
        if (seen.has(event)) this.#add("watch unique", `was told twice of ${event}`);
        seen.add(event);
      }
      this.#validateBatch(batch);
    }
    if (!RIGHTFUL_ENDS.includes(end)) this.#add("watch ends well", `ended with ${end}`);
    if (end === "Store.Compacted" && this.#through >= this.#history.compactionAsked) {
      this.#add(
        "watch ends well",
        `was told at ${this.#through} that it is compacted, which nobody asked for`,
      );
    }
  }

  #validateBatch(batch: SeenBatch): void {
    const { revision, progress } = batch;
    // A bookmark may repeat what is known.
    if (progress && revision === this.#through) return;
    if (revision <= this.#through) {
      const property =
        revision < this.#record.options.startRevision ? "watch starts where asked" : "watch ordered";
      this.#add(property, `was told of ${revision} after ${this.#through}`);
      return;
    }
    for (let missed = this.#through + 1; missed < revision; missed++) this.#expectNothingAt(missed);
    if (progress) this.#validateBookmark(revision);
    else this.#validateEvents(batch);
    this.#through = revision;
  }

  #expectNothingAt(revision: number): void {
    const events = watchedEvents(this.#record, this.#log, revision);
    if (events.length > 0) this.#add("watch reliable", `was not told of ${describe(events)} at ${revision}`);
  }

  #validateBookmark(revision: number): void {
    const untold = watchedEvents(this.#record, this.#log, revision);
    if (untold.length > 0)
      this.#add("watch bookmarkable", `got a bookmark of ${revision} without ${describe(untold)}`);
    if (revision > this.#log.lastRevision) {
      this.#add(
        "watch bookmarkable",
        `got a bookmark of ${revision}; the store ended at ${this.#log.lastRevision}`,
      );
    }
  }

  #validateEvents({ revision, events }: SeenBatch): void {
    const expected = watchedEvents(this.#record, this.#log, revision);
    const foreign = events.find((event) => !isWatched(this.#record.options, event.item.key));
    if (foreign) this.#add("watch filter", `was told of ${foreign.item.key}`);
    const expectedTexts = new Set(expected.map((event) => describe([event])));
    for (const event of events) {
      if (isWatched(this.#record.options, event.item.key) && !expectedTexts.has(describe([event]))) {
        const truth = describe(expected);
        this.#add(
          "watch tells what happened",
          `was told of ${describe([event])} at ${revision}, which was ${truth}`,
        );
      }
      this.#validatePrevious(event, revision);
    }
    if (events.length < expected.length) {
      this.#add(
        "watch atomic",
        `was told of ${describe(events)} at ${revision} without the rest of ${describe(expected)}`,
      );
    }
  }

  #validatePrevious({ item, previous }: SeenEvent, revision: number): void {
    const expected = this.#log.stateAt(item.key, revision - 1);
    if (sameVersion(previous, expected)) return;
    const [told, was] = [describeVersion(previous), describeVersion(expected)];
    this.#add("watch previous value", `was told at ${revision} that before it was ${told}; it was ${was}`);
  }

  #add(property: string, what: string): void {
    this.#violations.add(property, `${this.#name} ${what}`);
  }
}
