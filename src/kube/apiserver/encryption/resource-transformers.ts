import { REGISTRY, resourceOfKey } from "../objects/object-keys.ts";
import { identity, type ValueTransformer } from "./value-transformer.ts";

/** `*.apps`, and `*.` for the core group. */
export const ANY_RESOURCE = "*";
export const EVERYTHING = "*.*";

/** Transformers by resource (`secrets`, `deployments.apps`), by group (`*.apps`, `*.`), and for all (`*.*`). */
export class ResourceTransformers {
  readonly #byResource: ReadonlyMap<string, ValueTransformer>;
  readonly #found = new Map<string, ValueTransformer>();

  constructor(byResource: ReadonlyMap<string, ValueTransformer>) {
    this.#byResource = byResource;
  }

  /** Of what lies under a key; what nobody has named stays plain. */
  ofKey(key: string): ValueTransformer {
    if (!key.startsWith(REGISTRY)) return identity;
    const resource = resourceOfKey(key);
    const known = this.#found.get(resource);
    if (known) return known;
    const [, group = ""] = /^[^.]*\.?(.*)$/.exec(resource)!;
    const found =
      this.#byResource.get(resource) ??
      this.#byResource.get(`${ANY_RESOURCE}.${group}`) ??
      this.#byResource.get(EVERYTHING) ??
      identity;
    this.#found.set(resource, found);
    return found;
  }
}
