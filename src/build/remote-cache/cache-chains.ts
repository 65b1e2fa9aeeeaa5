import type { RemoteLayer } from "../../images/types.ts";

/** A layer of a result, and what is known of its making. */
export interface CachedLayer extends RemoteLayer {
  createdAtMs: number;
  description: string;
}

/** What an operation led to: layers, bottom first. */
export interface ChainResult {
  createdAtMs: number;
  layers: readonly CachedLayer[];
}

export interface CacheLink {
  from: CacheItem;
  selector: string;
}

/** One way to an output of an operation: its digest, and for each input the items that it may be. */
export class CacheItem {
  readonly digest: string;
  readonly results: ChainResult[] = [];
  /** For each input, the selectors by item. */
  readonly parents: Map<CacheItem, Set<string>>[] = [];
  readonly children = new Map<string, Set<CacheItem>>();

  constructor(digest: string) {
    this.digest = digest;
  }

  /** The newest of what is known. */
  best(): ChainResult | undefined {
    return this.results.reduce<ChainResult | undefined>(
      (best, one) => (best && best.createdAtMs >= one.createdAtMs ? best : one),
      undefined,
    );
  }
}

/**
 * Results of operations, found by what led to them: an operation's digest under items of each of its inputs (moby/buildkit,
 * cache/remotecache/v1). An input may be known in several ways, by the operations that made it and by its content.
 */
export class CacheChains {
  readonly #roots = new Map<string, CacheItem>();
  readonly #items: CacheItem[] = [];

  /** In the order in which they came: inputs first. */
  items(): readonly CacheItem[] {
    return this.#items;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** What is known under the same digest and inputs already gets these links and results, too. */
  add(
    digest: string,
    inputs: readonly (readonly CacheLink[])[],
    results: readonly ChainResult[] = [],
  ): CacheItem {
    const [known] = this.match(digest, inputs);
    const item = known ?? this.#make(digest, inputs.length === 0);
    item.results.push(...results);
    for (const [index, links] of inputs.entries())
      for (const link of links) if (link.from !== item) connect(item, index, link);
    return item;
  }

  #make(digest: string, isRoot: boolean): CacheItem {
    const item = new CacheItem(digest);
    if (isRoot) this.#roots.set(digest, item);
    this.#items.push(item);
    return item;
  }

  /** Items that this operation with these inputs is; each input has to fit by one of its links. */
  match(digest: string, inputs: readonly (readonly CacheLink[])[]): Set<CacheItem> {
    const [first, ...more] = inputs;
    if (!first) {
      const root = this.#roots.get(digest);
      return new Set(root ? [root] : []);
    }
    let found = childrenOf(first, 0, digest);
    for (const [at, links] of more.entries()) {
      const next = childrenOf(links, at + 1, digest);
      found = new Set([...found].filter((item) => next.has(item)));
    }
    return found;
  }
}

function connect(item: CacheItem, index: number, { from, selector }: CacheLink): void {
  const key = linkKey(index, selector, item.digest);
  const siblings = from.children.get(key) ?? new Set();
  siblings.add(item);
  from.children.set(key, siblings);
  while (item.parents.length <= index) item.parents.push(new Map());
  const selectors = item.parents[index]!.get(from) ?? new Set();
  selectors.add(selector);
  item.parents[index]!.set(from, selectors);
}

function childrenOf(links: readonly CacheLink[], index: number, digest: string): Set<CacheItem> {
  const found = new Set<CacheItem>();
  for (const { from, selector } of links)
    for (const child of from.children.get(linkKey(index, selector, digest)) ?? []) found.add(child);
  return found;
}

function linkKey(index: number, selector: string, digest: string): string {
  return JSON.stringify([index, selector, digest]);
}
