/** A promise that the store broke. */
export interface Violation {
  /** The property, as the known-bad tests name it. */
  property: string;
  message: string;
}

/** At most this many of one property: the first tell all, and the rest would only hide it. */
const MAX_PER_PROPERTY = 10;

export class Violations {
  readonly list: Violation[] = [];
  readonly #counts = new Map<string, number>();

  add(property: string, message: string): void {
    const count = (this.#counts.get(property) ?? 0) + 1;
    this.#counts.set(property, count);
    if (count <= MAX_PER_PROPERTY) this.list.push({ property, message });
  }

  expect(holds: boolean, property: string, message: () => string): void {
    if (!holds) this.add(property, message());
  }
}
