/** The evaluation has cost more than it may. */
export class CostLimitExceeded extends Error {
  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

/** Adds up what an evaluation costs and ends it where that is too much. */
export class CostMeter {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get spent(): number {
    return this.#spent;
  }

  add(cost: number): void {
    this.#spent += cost;
    if (this.#spent > this.#limit) throw new CostLimitExceeded();
  }
}
