import { GantryError } from "../base/index.ts";

/** A part that a service provides and later services use: empty until that service is ready. */
export class Slot<T> {
  readonly #name: string;
  #value: T | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get value(): T {
    if (this.#value === undefined)
      throw new GantryError("Internal", `${this.#name} is used before it is ready`);
    return this.#value;
  }

  get current(): T | undefined {
    return this.#value;
  }

  fill(value: T): void {
    this.#value = value;
  }
}
