import type { ApiObject } from "../api/types.ts";
import type { Informer } from "../client/index.ts";
import { newest } from "./newest.ts";
import { keyOf } from "./object-key.ts";

/**
 * Objects as this process wrote them last, for as long as the informer does not show that. For those whose next status depends
 * on the last one, while the rest of the world shows already what came of it.
 */
export class OwnWrites<T extends ApiObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  /** As it was written here, or as it is known where that is newer. */
  newest(key: string): T | undefined {
    const known = this.#informer.get(key);
    const written = this.#written.get(key);
    if (!known || !written) return known;
    const object = known.metadata.uid === written.metadata.uid ? newest(this.#informer, written) : known;
    if (object === known) this.#written.delete(key);
    return object;
  }

  note(written: T): void {
    this.#written.set(keyOf(written), written);
  }

  forget(key: string): void {
    this.#written.delete(key);
  }
}
