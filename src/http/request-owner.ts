import type { ErrorOwner } from "../base/index.ts";

/** The errors that escape from a request's callbacks are the request's, until it is over. */
export class RequestOwner implements ErrorOwner {
  readonly name: string;
  #fail: ((error: unknown) => void) | undefined;

  constructor(name: string, fail: (error: unknown) => void) {
    this.name = name;
    this.#fail = fail;
  }

  take(error: unknown): boolean {
    if (!this.#fail) return false;
    this.#fail(error);
    return true;
  }

  /** What the request has started may live for days (a container's monitor, say): it must not keep the request in memory. */
  release(): void {
    this.#fail = undefined;
  }
}
