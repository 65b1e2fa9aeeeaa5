const MAX_SECONDS = 32;

interface Dropped {
  second: number;
  requests: number;
}

/**
 * When who is turned away may come back: doubled while many are turned away, and slowly less once few are, as TCP backs off
 * (upstream DroppedRequestsTracker).
 */
export class RetryAfter {
  #seconds = 1;
  #raisedAt = Number.NEGATIVE_INFINITY;
  #history: Dropped[] = [];
  #current: Dropped = { second: Number.NEGATIVE_INFINITY, requests: 0 };

  get seconds(): number {
    return this.#seconds;
  }

  /** One more request was turned away in this second (of any clock that only goes on). */
  drop(second: number): void {
    if (this.#current.second === second) {
      this.#current.requests++;
      return;
    }
    this.#history.push(this.#current);
    const kept = Math.min(MAX_SECONDS, 2 * this.#seconds);
    this.#history = this.#history.filter((one) => second - one.second <= kept);
    this.#current = { second, requests: 1 };
    this.#adapt(second);
  }

  /** By those that were turned away in the last `seconds` before this second. */
  #adapt(second: number): void {
    const recent = this.#history.filter((one) => second - one.second <= this.#seconds);
    const dropped = recent.reduce((sum, one) => sum + one.requests, 0);
    if (second - this.#raisedAt >= this.#seconds && dropped >= 3 * this.#seconds) {
      this.#seconds = Math.min(MAX_SECONDS, this.#seconds * 2);
      this.#raisedAt = second;
    } else if (dropped < this.#seconds && this.#seconds > 1) this.#seconds--;
  }
}
