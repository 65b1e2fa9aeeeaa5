import { GantryError } from "../../../base/index.ts";

const LIMIT = 64 * 1024 * 1024;
/** What a variable costs where a list of them is copied. */
const ENTRY = 32;

/**
 * What a Dockerfile may use up while it is understood: variables are handed to each command and each stage, and texts grow with
 * what is put into them, so that a short file can ask for any amount of memory.
 */
export class Budget {
  #spent = 0;

  /** Characters of a text that was made. */
  text(text: string): string {
    this.#spend(text.length);
    return text;
  }

  /** Entries that were copied. */
  entries(count: number): void {
    this.#spend(count * ENTRY);
  }

  #spend(amount: number): void {
    this.#spent += amount;
    if (this.#spent <= LIMIT) return;
    throw new GantryError("ResourceExhausted", "the Dockerfile makes too many variables and texts", {
      code: "Dockerfile.Budget",
      details: { limit: LIMIT },
    });
  }
}
