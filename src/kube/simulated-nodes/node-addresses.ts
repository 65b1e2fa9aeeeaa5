/** RFC 6598's shared space: nobody routes it, and a /24 fits into it for each of 16,384 nodes. */
const FIRST = 100 * 2 ** 24 + 64 * 2 ** 16;
const BLOCK = 256;
const FIRST_POD = 2;
const LAST_POD = BLOCK - 2;

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/** The addresses of one simulated node, by its place among them: its own and those of its pods. */
export class NodeAddresses {
  readonly #first: number;
  readonly #taken = new Map<string, number>();
  readonly #used = new Set<number>();
  #next = FIRST_POD;

  constructor(index: number) {
    this.#first = FIRST + index * BLOCK;
  }

  get podCidr(): string {
    return `${dotted(this.#first)}/24`;
  }

  get ofNode(): string {
    return dotted(this.#first + 1);
  }

  /** The pod's address: the one that it has already (`known`), or the next that is free. */
  take(uid: string, known?: string): string {
    const own = this.#taken.get(uid);
    if (own !== undefined) return dotted(this.#first + own);
    const place = this.#placeOf(known) ?? this.#free();
    this.#taken.set(uid, place);
    this.#used.add(place);
    return dotted(this.#first + place);
  }

  release(uid: string): void {
    const place = this.#taken.get(uid);
    if (place === undefined) return;
    this.#taken.delete(uid);
    this.#used.delete(place);
  }

  /** An address is not given to the next pod at once: who still knows the last one would reach it there. */
  #free(): number {
    for (let tried = FIRST_POD; tried <= LAST_POD; tried++) {
      const place = this.#next;
      this.#next = place === LAST_POD ? FIRST_POD : place + 1;
      if (!this.#used.has(place)) return place;
    }
    throw new RangeError(`no address is free in ${this.podCidr}`);
  }

  #placeOf(address: string | undefined): number | undefined {
    const prefix = dotted(this.#first).replace(/\d+$/, "");
    if (!address?.startsWith(prefix)) return undefined;
    const place = Number(address.slice(prefix.length));
    const isOurs = Number.isInteger(place) && place >= FIRST_POD && place <= LAST_POD;
    return isOurs && !this.#used.has(place) ? place : undefined;
  }
}
