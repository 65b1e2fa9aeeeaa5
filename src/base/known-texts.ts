export interface KnownTextsOptions {
  maxTexts: number;
  /** Of all texts together. */
  maxCharacters: number;
}

/**
 * What was made of texts that come over and over. Where they are too many, or too long, all are forgotten: who sends others each
 * time fills no memory.
 */
export class KnownTexts<T> {
  readonly #limits: KnownTextsOptions;
  readonly #known = new Map<string, T>();
  #characters = 0;

  constructor(limits: KnownTextsOptions) {
    this.#limits = limits;
  }

  get(text: string): T | undefined {
    return this.#known.get(text);
  }

  /** Answers with the value. */
  keep(text: string, value: T): T {
    const { maxTexts, maxCharacters } = this.#limits;
    if (text.length > maxCharacters) return value;
    this.#characters += text.length;
    if (this.#known.size >= maxTexts || this.#characters > maxCharacters) {
      this.#known.clear();
      this.#characters = text.length;
    }
    this.#known.set(text, value);
    return value;
  }
}
