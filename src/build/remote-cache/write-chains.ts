import { digestOf } from "../llb/index.ts";
import type { CacheChains, CachedLayer, CacheItem, ChainResult } from "./cache-chains.ts";
import type { ConfigLayer, ConfigRecord } from "./cache-config.ts";

/** How a result's layers are told of; undefined: it is left out. */
export type TellResult = (result: ChainResult) => Pick<ConfigRecord, "layers" | "chains"> | undefined;

/** The records of chains. Their order depends on what they say only, so that equal builds give equal documents. */
export function writeRecords(chains: CacheChains, tellResult: TellResult): ConfigRecord[] {
  const ids = new Map<CacheItem, string>();
  for (const item of chains.items()) ids.set(item, idOf(item, ids));
  const sorted = chains
    .items()
    .toSorted((a, b) => compare(a.digest, b.digest) || compare(ids.get(a)!, ids.get(b)!));
  const at = new Map(sorted.map((item, index) => [item, index]));
  return sorted.map((item) => {
    const best = item.best();
    const inputs = item.parents.map((parents) =>
      [...parents]
        .flatMap(([parent, selectors]) =>
          [...selectors].map((selector) => ({ selector, link: at.get(parent)! })),
        )
        .sort((a, b) => a.link - b.link || compare(a.selector, b.selector))
        .map(({ selector, link }) => (selector === "" ? { link } : { selector, link })),
    );
    return {
      ...(best ? tellResult(best) : {}),
      digest: item.digest,
      ...(inputs.length > 0 ? { inputs } : {}),
    };
  });
}

/** Inputs come before what is made of them. */
function idOf({ digest, parents }: CacheItem, ids: ReadonlyMap<CacheItem, string>): string {
  const inputs = parents.map((links) =>
    [...links].map(([parent, selectors]) => [ids.get(parent), ...[...selectors].sort()].join()).sort(),
  );
  return digestOf(Buffer.from(JSON.stringify([digest, inputs])));
}

/** The layers of results as trees: one that lies on several others is named once for each. */
export class ConfigLayers {
  readonly #chains = new Map<string, { layer: CachedLayer; below: string | undefined }>();

  constructor(chains: CacheChains) {
    for (const item of chains.items()) {
      const best = item.best();
      if (best) this.#enter(best.layers);
    }
  }

  #enter(layers: readonly CachedLayer[]): void {
    let below: string | undefined;
    for (const layer of layers) {
      const id = chainId(below, layer);
      this.#chains.set(id, { layer, below });
      below = id;
    }
  }

  /** Blobs, each once. */
  blobs(): CachedLayer[] {
    const all = [...this.#chains.values()].map(({ layer }) => layer);
    return [...new Map(all.map((layer) => [layer.blob.digest, layer])).values()];
  }

  list(): ConfigLayer[] {
    const ids = this.#sorted();
    return ids.map((id) => {
      const { layer, below } = this.#chains.get(id)!;
      const parent = below === undefined ? -1 : ids.indexOf(below);
      return { blob: layer.blob.digest, ...(parent === 0 ? {} : { parent }) };
    });
  }

  tell({ layers, createdAtMs }: ChainResult): Pick<ConfigRecord, "layers"> | undefined {
    if (layers.length === 0) return undefined;
    const id = layers.reduce<string | undefined>((below, layer) => chainId(below, layer), undefined)!;
    return { layers: [{ layer: this.#sorted().indexOf(id), createdAt: timeOf(createdAtMs) }] };
  }

  #order: string[] | undefined;
  #sorted(): string[] {
    this.#order ??= [...this.#chains.keys()].sort((a, b) => {
      const blobOf = (id: string) => this.#chains.get(id)!.layer.blob.digest;
      return compare(blobOf(a), blobOf(b)) || compare(a, b);
    });
    return this.#order;
  }
}

function chainId(below: string | undefined, { blob }: CachedLayer): string {
  return digestOf(Buffer.from(`${below ?? ""} ${blob.digest}`));
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
