import type { CacheChains, CachedLayer, CacheItem, ChainResult } from "./cache-chains.ts";
import { type CacheConfig, type ConfigLayer, type ConfigRecord, invalidCache } from "./cache-config.ts";

const MAX_CHAIN_LAYERS = 1_000;

/** Adds a document's records; results whose layers nobody has are left out. */
export function readChains(
  { layers, records }: Required<CacheConfig>,
  layerOf: (blob: string) => CachedLayer | undefined,
  chains: CacheChains,
): void {
  const items: (CacheItem | undefined)[] = [];
  for (const at of inputsFirst(records)) {
    const record = records[at]!;
    const inputs = (record.inputs ?? []).map((links) =>
      links.map(({ link, selector = "" }) => ({ from: items[link]!, selector })),
    );
    items[at] = chains.add(record.digest, inputs, resultsOf(record, layers, layerOf));
  }
}

/** Indexes of records in an order in which inputs come first. Not by recursion: a document is as deep as its author likes. */
function inputsFirst(records: readonly ConfigRecord[]): number[] {
  const waits = records.map(({ inputs = [] }) => new Set(inputs.flat().map(({ link }) => link)));
  const users: number[][] = records.map(() => []);
  for (const [at, { inputs = [] }] of records.entries()) {
    if (inputs.some((links) => links.length === 0)) throw invalidCache("an input without a record");
    for (const link of waits[at]!) {
      if (link >= records.length) throw invalidCache(`no record ${link}`);
      users[link]!.push(at);
    }
  }
  const order = records.flatMap((_, at) => (waits[at]!.size === 0 ? [at] : []));
  for (const at of order) {
    for (const user of users[at]!) {
      waits[user]!.delete(at);
      if (waits[user]!.size === 0) order.push(user);
    }
  }
  if (order.length < records.length) throw invalidCache("records that lead to themselves");
  return order;
}

function resultsOf(
  { layers = [], chains = [] }: ConfigRecord,
  all: readonly ConfigLayer[],
  layerOf: (blob: string) => CachedLayer | undefined,
): ChainResult[] {
  const wanted = [
    ...layers.map(({ layer, createdAt }) => ({ indexes: chainOf(layer, all), createdAt })),
    ...chains.map(({ layers: indexes, createdAt }) => ({ indexes, createdAt })),
  ];
  return wanted.flatMap(({ indexes, createdAt }) => {
    const found = indexes.map((index) => layerOf(layerAt(index, all).blob));
    if (found.some((layer) => layer === undefined)) return [];
    return [{ createdAtMs: Date.parse(createdAt) || 0, layers: found as CachedLayer[] }];
  });
}

function chainOf(top: number, all: readonly ConfigLayer[]): number[] {
  const indexes: number[] = [];
  for (let at = top; at !== -1; at = layerAt(at, all).parent ?? 0) {
    if (indexes.length >= MAX_CHAIN_LAYERS) throw invalidCache("layers that lie on themselves, or too many");
    indexes.push(at);
  }
  return indexes.reverse();
}

function layerAt(index: number, all: readonly ConfigLayer[]): ConfigLayer {
  const layer = all[index];
  if (!layer) throw invalidCache(`no layer ${index}`);
  return layer;
}
