import type { ApiObject } from "../../api/types.ts";
import type { Informer } from "../../client/index.ts";

/**
 * Objects as the scheduler has decided that they will be, or as it wrote them, until the informer shows something newer
 * (upstream's assume cache).
 */
export class AssumedObjects<T extends ApiObject> {
  readonly #informer: Informer<T>;
  readonly #assumed = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  get(key: string): T | undefined {
    const known = this.#informer.get(key);
    const assumed = this.#assumed.get(key);
    if (!known || !assumed) return known;
    const isOver =
      known.metadata.uid !== assumed.metadata.uid ||
      Number(known.metadata.resourceVersion) > Number(assumed.metadata.resourceVersion);
    if (isOver) this.#assumed.delete(key);
    return isOver ? known : assumed;
  }

  /** With the resourceVersion of what it was made of. */
  assume(key: string, object: T): void {
    this.#assumed.set(key, object);
  }

  restore(key: string): void {
    this.#assumed.delete(key);
  }
}
