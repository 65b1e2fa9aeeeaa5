import type { SeenBatch, SeenEvent, Version } from "./history.ts";
import type { Violations } from "./violation.ts";

const FIRST_WRITE = 2;

/**
 * The store's own record of what happened: all events of each revision, read from it piece by piece while it runs and after
 * each restart. What was read once must never change. The validators hold everything else against it.
 */
export class EventLog {
  readonly #batches = new Map<number, SeenEvent[]>();
  /** Per key its versions by revision; undefined where it was deleted. */
  readonly #versions = new Map<string, { revision: number; version: Version | undefined }[]>();
  #lastRevision = FIRST_WRITE - 1;

  get firstRevision(): number {
    return FIRST_WRITE;
  }

  get lastRevision(): number {
    return this.#lastRevision;
  }

  get keys(): Iterable<string> {
    return this.#versions.keys();
  }

  eventsAt(revision: number): readonly SeenEvent[] {
    return this.#batches.get(revision) ?? [];
  }

  /** The revisions that changed a key. */
  revisionsOf(key: string): number[] {
    return (this.#versions.get(key) ?? []).map(({ revision }) => revision);
  }

  add({ revision, events }: SeenBatch, violations: Violations): void {
    const known = this.#batches.get(revision);
    if (known) {
      const [before, now] = [describe(known), describe(events)];
      violations.expect(
        before === now,
        "history is stable",
        () => `revision ${revision} was ${before} and is now ${now}`,
      );
      return;
    }
    violations.expect(
      revision === this.#lastRevision + 1,
      "history has no gap",
      () => `revision ${revision} follows ${this.#lastRevision} in the store's history`,
    );
    this.#batches.set(revision, events);
    this.#lastRevision = Math.max(this.#lastRevision, revision);
    for (const { type, item } of events) {
      const versions = this.#versions.get(item.key) ?? [];
      versions.push({ revision, version: type === "put" ? item : undefined });
      this.#versions.set(item.key, versions);
    }
  }

  /** The key as it was at a revision; undefined if it did not exist. */
  stateAt(key: string, revision: number): Version | undefined {
    const versions = this.#versions.get(key) ?? [];
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (versions[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return versions[low - 1]?.version;
  }

  /** The keys with a prefix at a revision, in their order. */
  listAt(prefix: string, revision: number): Version[] {
    const items: Version[] = [];
    for (const key of this.#versions.keys()) {
      const version = key.startsWith(prefix) ? this.stateAt(key, revision) : undefined;
      if (version) items.push(version);
    }
    return items.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** In the order of keys: a revision's events have no order among themselves. */
export function describe(events: readonly SeenEvent[]): string {
  const texts = events.map(({ type, item }) => `${type} ${describeVersion(item)}`);
  return texts.length === 0 ? "nothing" : texts.sort().join(", ");
}

export function describeVersion(version: Version | undefined): string {
  if (!version) return "absent";
  const { key, id, createRevision, modRevision, version: count } = version;
  return `${key}=${id} (created ${createRevision}, changed ${modRevision}, version ${count})`;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.key === b.key &&
    a.id === b.id &&
    a.createRevision === b.createRevision &&
    a.modRevision === b.modRevision &&
    a.version === b.version
  );
}
