import type { KubeObject } from "../../api/index.ts";

const LIMIT = 512;

/**
 * Objects on their way to the store, in their parsed form: when the watch cache meets the same bytes a moment later, it
 * need not parse them again. Nothing is lost when an entry is missing.
 */
export class FreshObjects {
  readonly #entries = new Map<string, { value: Buffer; object: KubeObject }>();

  remember(key: string, value: Buffer, object: KubeObject): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, object });
    if (this.#entries.size > LIMIT) this.#entries.delete(this.#entries.keys().next().value!);
  }

  /** The object that was written as these bytes, if it is still known. */
  take(key: string, value: Uint8Array): KubeObject | undefined {
    const entry = this.#entries.get(key);
    if (!entry?.value.equals(value)) return undefined;
    this.#entries.delete(key);
    return entry.object;
  }
}
