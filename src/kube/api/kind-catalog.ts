import type { KindDefinition } from "./types.ts";

/** The kinds that there are at the moment, for those who follow their coming and going. */
export interface KindSource {
  /** Rises with each change. */
  readonly revision: number;
  /** Every kind that has a path of its own. */
  served(): readonly KindDefinition[];
  /** Every kind of which objects lie in the store, in one version each. */
  stored(): readonly KindDefinition[];
  findByKind(group: string, version: string, kind: string): KindDefinition | undefined;
  /** Told after each change, at once; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

/**
 * Kinds by path and by name. The built-in ones are entered at the start, those of definitions and of other servers as they
 * come and go.
 */
export class KindCatalog implements KindSource {
  readonly #byPath = new Map<string, KindDefinition>();
  readonly #byName = new Map<string, KindDefinition>();
  readonly #listeners = new Set<() => void>();
  #lists: { served: KindDefinition[]; stored: KindDefinition[] } | undefined;
  #revision = 1;

  constructor(kinds: Iterable<KindDefinition>) {
    for (const kind of kinds) this.#put(kind);
  }

  get revision(): number {
    return this.#revision;
  }

  /** The kind behind a REST path's group, version and plural. */
  find(group: string, version: string, resource: string): KindDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${resource}`);
  }

  findByKind(group: string, version: string, kind: string): KindDefinition | undefined {
    return this.#byName.get(`${group}/${version}/${kind}`);
  }

  served(): readonly KindDefinition[] {
    return this.#all().served;
  }

  stored(): readonly KindDefinition[] {
    return this.#all().stored;
  }

  /** Takes some kinds away and enters others, as one change. */
  replace(removed: readonly KindDefinition[], added: readonly KindDefinition[]): void {
    for (const kind of removed) {
      remove(this.#byPath, pathOf(kind), kind);
      remove(this.#byName, nameOf(kind), kind);
    }
    for (const kind of added) this.#put(kind);
    this.#lists = undefined;
    this.#revision++;
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(kind: KindDefinition): void {
    if (kind.use !== "body") this.#byPath.set(pathOf(kind), kind);
    this.#byName.set(nameOf(kind), kind);
  }

  #all() {
    if (this.#lists) return this.#lists;
    const served = [...this.#byPath.values()];
    const stored = served.filter((kind) => kind.use === undefined && !kind.storedAs);
    this.#lists = { served, stored };
    return this.#lists;
  }
}

const pathOf = ({ group, version, resource }: KindDefinition) => `${group}/${version}/${resource}`;
const nameOf = ({ group, version, kind }: KindDefinition) => `${group}/${version}/${kind}`;

function remove(map: Map<string, KindDefinition>, key: string, kind: KindDefinition): void {
  if (map.get(key) === kind) map.delete(key);
}
