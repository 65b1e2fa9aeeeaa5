interface Entry<B> {
  batch: B;
  events: number;
  sizeBytes: number;
  atMs: number;
}

export interface EventHistoryLimits {
  events: number;
  bytes: number;
  ageMs: number;
}

/** The batches of the recent past, bounded by number, size and age. Knows from which revision on it is complete. */
export class EventHistory<B extends { readonly revision: number }> {
  readonly #limits: EventHistoryLimits;
  /** Entries before `#first` are dropped and hold nothing; the array is cut now and then. */
  #entries: (Entry<B> | undefined)[] = [];
  #first = 0;
  #events = 0;
  #bytes = 0;
  #completeAfter = 0;

  constructor(limits: EventHistoryLimits) {
    this.#limits = limits;
  }

  /** Each batch with a higher revision than this one is here. */
  get completeAfter(): number {
    return this.#completeAfter;
  }

  reset(revision: number): void {
    this.#entries = [];
    this.#first = this.#events = this.#bytes = 0;
    this.#completeAfter = revision;
  }

  add(batch: B, events: number, sizeBytes: number, nowMs: number): void {
    this.#entries.push({ batch, events, sizeBytes, atMs: nowMs });
    this.#events += events;
    this.#bytes += sizeBytes;
    this.trim(nowMs);
  }

  trim(nowMs: number): void {
    const { events, bytes, ageMs } = this.#limits;
    for (let oldest = this.#entries[this.#first]; oldest; oldest = this.#entries[this.#first]) {
      const fits = this.#events <= events && this.#bytes <= bytes && nowMs - oldest.atMs <= ageMs;
      if (fits) break;
      this.#events -= oldest.events;
      this.#bytes -= oldest.sizeBytes;
      this.#completeAfter = oldest.batch.revision;
      this.#entries[this.#first++] = undefined;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Batches with a higher revision, in order. */
  *after(revision: number): Generator<B> {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.batch.revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < this.#entries.length; index++) yield this.#entries[index]!.batch;
  }
}
