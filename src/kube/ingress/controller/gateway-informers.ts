import type { KindSource } from "../../api/index.ts";
import type { ApiObject, KindDefinition } from "../../api/types.ts";
import type { Informer, InformerFactory } from "../../client/types.ts";
import { type GatewayKind, servedGatewayKinds } from "../gateway/gateway-kinds.ts";

export interface GatewayInformersOptions {
  kinds: KindSource;
  informers: InformerFactory;
  onChange(kind: GatewayKind, object: ApiObject, previous?: ApiObject): void;
  /** A kind is there, is known completely, or is gone. */
  onKinds(): void;
  /** Before each kind's first object. */
  indexes: Partial<Record<GatewayKind, { name: string; keysOf: (object: never) => readonly string[] }>>;
}

interface Watched {
  definition: KindDefinition;
  informer: Informer;
  unsubscribe: () => void;
}

/** These tell whether there is anything to do; the others are watched when there is. */
const FIRST: readonly GatewayKind[] = ["GatewayClass", "Gateway"];

/** Watches the Gateway API's kinds while their definitions are there. */
export class GatewayInformers {
  readonly #options: GatewayInformersOptions;
  readonly #watched = new Map<GatewayKind, Watched>();
  #watchesAll = false;

  constructor(options: GatewayInformersOptions) {
    this.#options = options;
  }

  start(): () => void {
    this.#follow();
    const end = this.#options.kinds.onChange(() => this.#follow());
    return () => {
      end();
      for (const { unsubscribe } of this.#watched.values()) unsubscribe();
      this.#watched.clear();
    };
  }

  /** There is a Gateway of ours: from here on routes and what belongs to them are watched. */
  watchAll(): void {
    if (this.#watchesAll) return;
    this.#watchesAll = true;
    this.#follow();
  }

  get isComplete(): boolean {
    return [...this.#watched.values()].every(({ informer }) => informer.hasSynced);
  }

  definition(kind: GatewayKind): KindDefinition | undefined {
    return this.#watched.get(kind)?.definition;
  }

  get<T extends ApiObject>(kind: GatewayKind, key: string): T | undefined {
    return this.#watched.get(kind)?.informer.get(key) as T | undefined;
  }

  list<T extends ApiObject>(kind: GatewayKind, namespace?: string): T[] {
    return [...(this.#watched.get(kind)?.informer.list(namespace) ?? [])] as T[];
  }

  byIndex<T extends ApiObject>(kind: GatewayKind, key: string): readonly T[] {
    const index = this.#options.indexes[kind];
    return index ? ((this.#watched.get(kind)?.informer.byIndex(index.name, key) ?? []) as readonly T[]) : [];
  }

  #follow(): void {
    const { kinds, informers, onKinds, onChange } = this.#options;
    const served = servedGatewayKinds(kinds);
    let changed = false;
    for (const [kind, { definition, informer, unsubscribe }] of this.#watched) {
      const now = served.get(kind);
      if (now && isSame(definition, now)) continue;
      unsubscribe();
      this.#watched.delete(kind);
      informers.release(definition);
      // What there was of the kind is gone with it.
      for (const object of [...informer.list()]) onChange(kind, object);
      changed = true;
    }
    for (const [kind, definition] of served) {
      if (this.#watched.has(kind) || !(this.#watchesAll || FIRST.includes(kind))) continue;
      this.#watch(kind, definition);
      changed = true;
    }
    if (changed) onKinds();
  }

  #watch(kind: GatewayKind, definition: KindDefinition): void {
    const { informers, onChange, onKinds, indexes } = this.#options;
    const informer = informers.informer(definition) as Informer;
    const index = indexes[kind];
    if (index) informer.addIndex(index.name, index.keysOf as (object: ApiObject) => readonly string[]);
    const watched = { definition, informer, unsubscribe: () => {} };
    this.#watched.set(kind, watched);
    watched.unsubscribe = informer.subscribe({
      onAdd: (object) => onChange(kind, object),
      onUpdate: (object, previous) => onChange(kind, object, previous),
      onDelete: (object) => onChange(kind, object),
    });
    informer.synced().then(onKinds, () => {});
  }
}

const isSame = (a: KindDefinition, b: KindDefinition) => a.version === b.version && a.resource === b.resource;
