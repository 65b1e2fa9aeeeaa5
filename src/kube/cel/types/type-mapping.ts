import { type CelType, formatType } from "./cel-type.ts";

/** What the type parameters of one expression stand for, as far as it is known. */
export class TypeMapping {
  readonly #types: Map<string, CelType>;

  constructor(types: Iterable<[string, CelType]> = []) {
    this.#types = new Map(types);
  }

  add(from: CelType, to: CelType): void {
    this.#types.set(formatType(from), to);
  }

  find(from: CelType): CelType | undefined {
    return from.kind === "typeParam" ? this.#types.get(formatType(from)) : undefined;
  }

  copy(): TypeMapping {
    return new TypeMapping(this.#types);
  }
}
