import type { KindSource } from "../api/index.ts";
import type { ApiObject, KindDefinition } from "../api/types.ts";
import type { InformerFactory, InformerHandlers } from "../client/types.ts";

export interface WatchedKindsOptions {
  informers: InformerFactory;
  kinds: KindSource;
  /** Those that are of interest. */
  select(kinds: KindSource): readonly KindDefinition[];
  handlersFor(kind: KindDefinition): InformerHandlers<ApiObject>;
  onGone?(kind: KindDefinition): void;
}

/** A controller's eyes on every kind that concerns it, while kinds come and go. */
export class WatchedKinds {
  readonly #options: WatchedKindsOptions;
  readonly #subscriptions = new Map<KindDefinition, () => void>();

  constructor(options: WatchedKindsOptions) {
    this.#options = options;
  }

  /** Watches what there is, and what comes, until the returned function is called. */
  start(): () => void {
    this.#follow();
    const ends = [this.#options.kinds.onChange(() => this.#follow()), () => this.#stop()];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Watches what is new, and lets go of what is no longer served. */
  #follow(): void {
    const { informers, kinds, select, handlersFor, onGone } = this.#options;
    const wanted = new Set(select(kinds));
    for (const [kind, unsubscribe] of this.#subscriptions) {
      if (wanted.has(kind)) continue;
      unsubscribe();
      this.#subscriptions.delete(kind);
      // The same resource in a new form is watched on.
      if (![...wanted].some((other) => isSameResource(kind, other))) informers.release(kind);
      onGone?.(kind);
    }
    for (const kind of wanted) {
      if (this.#subscriptions.has(kind)) continue;
      const informer = informers.informer(kind);
      this.#subscriptions.set(kind, informer.subscribe(handlersFor(kind)));
    }
  }

  #stop(): void {
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
    this.#subscriptions.clear();
  }
}

function isSameResource(one: KindDefinition, other: KindDefinition): boolean {
  return one.group === other.group && one.version === other.version && one.resource === other.resource;
}
