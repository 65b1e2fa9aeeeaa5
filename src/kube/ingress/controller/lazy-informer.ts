import type { ApiObject, ResourceRef } from "../../api/types.ts";
import type { Informer, InformerFactory } from "../../client/types.ts";

export interface LazyInformerOptions<T extends ApiObject> {
  resource: ResourceRef<T>;
  informers: InformerFactory;
  fieldSelector?: string;
  /** Entered before the first object is. */
  index?: { name: string; keysOf: (object: T) => readonly string[] };
  /** An object came, went, or is other than before (`previous`). */
  onChange(object: T, previous?: T): void;
  onSynced(): void;
}

/** An informer that begins when it is asked for the first time: who needs none of its objects does not pay for them. */
export class LazyInformer<T extends ApiObject> {
  readonly #options: LazyInformerOptions<T>;
  #informer: Informer<T> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: LazyInformerOptions<T>) {
    this.#options = options;
  }

  /** What it says may be counted on: it knows all objects, or nobody has asked yet. */
  get isComplete(): boolean {
    return this.#informer?.hasSynced ?? true;
  }

  get(key: string): T | undefined {
    return this.#started().get(key);
  }

  byIndex(key: string): readonly T[] {
    return this.#started().byIndex(this.#options.index!.name, key);
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  #started(): Informer<T> {
    if (this.#informer) return this.#informer;
    const { informers, resource, fieldSelector, index, onChange, onSynced } = this.#options;
    const informer = informers.informer<T>(resource, fieldSelector === undefined ? {} : { fieldSelector });
    this.#informer = informer;
    if (index) informer.addIndex(index.name, index.keysOf);
    this.#unsubscribe = informer.subscribe({
      onAdd: (object) => onChange(object),
      onUpdate: (object, previous) => onChange(object, previous),
      onDelete: (object) => onChange(object),
    });
    informer.synced().then(onSynced, () => {});
    return informer;
  }
}
