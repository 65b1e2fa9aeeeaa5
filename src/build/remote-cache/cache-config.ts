import { invalidArgument } from "../../base/index.ts";

export const CACHE_CONFIG_TYPE = "application/vnd.buildkit.cacheconfig.v0";

/** The document of a cache (moby/buildkit, cache/remotecache/v1/types). Links are indexes into its lists. */
export interface CacheConfig {
  layers?: ConfigLayer[];
  records?: ConfigRecord[];
}

export interface ConfigLayer {
  blob: string;
  /** Absent: 0; -1: it lies on nothing. */
  parent?: number;
}

export interface ConfigRecord {
  layers?: { layer: number; createdAt: string }[];
  chains?: { layers: number[]; createdAt: string }[];
  digest: string;
  inputs?: { selector?: string; link: number }[][];
}

const MAX_RECORDS = 100_000;
const MAX_LAYERS = 20_000;

export function parseCacheConfig(text: string): Required<CacheConfig> {
  const { layers, records } = asObject(parse(text));
  return {
    layers: listOf(layers, MAX_LAYERS, readLayer),
    records: parseCacheRecords(records),
  };
}

/** As an image's configuration carries them: there the layers are the image's. */
export function parseCacheRecords(value: unknown): ConfigRecord[] {
  return listOf(value, MAX_RECORDS, readRecord);
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidCache("not JSON", error);
  }
}

function readLayer(value: unknown): ConfigLayer {
  const { blob, parent = 0 } = asObject(value);
  if (typeof blob !== "string") throw invalidCache("a layer without a blob");
  return { blob, parent: indexOf(parent, -1) };
}

function readRecord(value: unknown): ConfigRecord {
  const { digest, layers, chains, inputs } = asObject(value);
  if (typeof digest !== "string") throw invalidCache("a record without a digest");
  return {
    digest,
    layers: listOf(layers, MAX_RECORDS, (one) => {
      const { layer, createdAt } = asObject(one);
      return { layer: indexOf(layer), createdAt: String(createdAt) };
    }),
    chains: listOf(chains, MAX_RECORDS, (one) => {
      const { layers: chain, createdAt } = asObject(one);
      return { layers: listOf(chain, MAX_LAYERS, (at) => indexOf(at)), createdAt: String(createdAt) };
    }),
    inputs: listOf(inputs, MAX_RECORDS, (links) =>
      listOf(links, MAX_RECORDS, (one) => {
        const { selector = "", link } = asObject(one);
        return { selector: String(selector), link: indexOf(link) };
      }),
    ),
  };
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidCache("no object");
  return value as Record<string, unknown>;
}

function listOf<T>(value: unknown, limit: number, read: (one: unknown) => T): T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > limit) throw invalidCache("no list, or too long a one");
  return value.map(read);
}

function indexOf(value: unknown, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) throw invalidCache("an invalid index");
  return value as number;
}

export function invalidCache(reason: string, cause?: unknown) {
  return invalidArgument(`invalid build cache: ${reason}`, { code: "Build.RemoteCache", cause });
}
