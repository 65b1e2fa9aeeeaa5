/** Tokens beyond this are proven each time: nobody fills the memory with them. */
const MAX_TOKEN_CHARACTERS = 4096;
const MAX_TOKENS = 512;

/**
 * What was found in tokens whose signature was proven. That does not change as long as the keys are the same; whether a token still
 * holds (its time, what it is bound to) is another question. Of too many the one that was proven first goes.
 */
export class ProvenTokens<T> {
  readonly #found = new Map<string, T>();
  readonly #prove: (token: string) => T | undefined;

  /** `prove`: undefined for a token that is not signed. */
  constructor(prove: (token: string) => T | undefined) {
    this.#prove = prove;
  }

  get(token: string): T | undefined {
    const known = this.#found.get(token);
    if (known !== undefined) return known;
    const found = this.#prove(token);
    if (found !== undefined && token.length <= MAX_TOKEN_CHARACTERS) this.#keep(token, found);
    return found;
  }

  #keep(token: string, found: T): void {
    this.#found.set(token, found);
    if (this.#found.size > MAX_TOKENS) this.#found.delete(this.#found.keys().next().value!);
  }
}
