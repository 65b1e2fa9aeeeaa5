import { type KindSource, verbsOf } from "../../api/index.ts";
import type { ApiObject, KindDefinition } from "../../api/types.ts";
import type { InformerFactory, InformerHandlers } from "../../client/types.ts";

/** What the collector looks after. Events are many, short-lived and owned by nobody. */
export function collectedOf(kinds: KindSource): KindDefinition[] {
  return kinds.stored().filter((kind) => kind.resource !== "events" && verbsOf(kind).includes("watch"));
}

/** The collector's eyes on every kind that there is, while kinds come and go. */
export class WatchedKinds {
  readonly #kinds: KindSource;
  readonly #informers: InformerFactory;
  readonly #handlersFor: (kind: KindDefinition) => InformerHandlers<ApiObject>;
  readonly #onGone: (kind: KindDefinition) => void;
  readonly #subscriptions = new Map<KindDefinition, () => void>();

  constructor(
    { kinds, informers }: { kinds: KindSource; informers: InformerFactory },
    handlersFor: (kind: KindDefinition) => InformerHandlers<ApiObject>,
    { onGone }: { onGone: (kind: KindDefinition) => void },
  ) {
    this.#kinds = kinds;
    this.#informers = informers;
    this.#handlersFor = handlersFor;
    this.#onGone = onGone;
  }

  /** Watches what is new, and lets go of what is no longer served. */
  follow(): void {
    const wanted = new Set(collectedOf(this.#kinds));
    for (const [kind, unsubscribe] of this.#subscriptions) {
      if (wanted.has(kind)) continue;
      unsubscribe();
      this.#subscriptions.delete(kind);
      // The same resource in a new form is watched on.
      if (![...wanted].some((other) => isSameResource(kind, other))) this.#informers.release(kind);
      this.#onGone(kind);
    }
    for (const kind of wanted) {
      if (this.#subscriptions.has(kind)) continue;
      const informer = this.#informers.informer(kind);
      this.#subscriptions.set(kind, informer.subscribe(this.#handlersFor(kind)));
    }
  }

  stop(): void {
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
    this.#subscriptions.clear();
  }
}

function isSameResource(one: KindDefinition, other: KindDefinition): boolean {
  return one.group === other.group && one.version === other.version && one.resource === other.resource;
}
