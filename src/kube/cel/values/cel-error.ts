/** An error as a value; it ends an evaluation unless an operator goes on past it. */
export class CelError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Arguments of types that no overload takes. */
export const noSuchOverload = (): CelError => new CelError("no such overload");

export const isError = (value: unknown): value is CelError => value instanceof CelError;
