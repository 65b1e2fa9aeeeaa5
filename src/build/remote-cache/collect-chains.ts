import type { Vertex, VertexOutput } from "../solver/graph.ts";
import type { Ref } from "../solver/ref.ts";
import type { TreeLayer } from "../solver/types.ts";
import type { Workspace } from "../workspace.ts";
import { CacheChains, type CachedLayer, type CacheItem } from "./cache-chains.ts";
import {
  inputLinks,
  layersDigest,
  outputCount,
  outputDigest,
  outputKey,
  sourceKind,
} from "./vertex-items.ts";

export interface CollectRequest {
  /** What was built. */
  results: readonly VertexOutput[];
  /** All that led to it, inputs first. */
  vertices: readonly Vertex[];
  /** `min`: only layers that the results have, too. */
  mode: "min" | "max";
  /** What came of a vertex; undefined where nothing was made because it was not needed. */
  refOf(vertex: Vertex, index: number): Promise<Ref | undefined>;
  archive(layer: TreeLayer): Promise<CachedLayer>;
  workspace: Workspace;
  signal: AbortSignal;
}

/** What a build has come to, as records of a cache. */
export async function collectChains(request: CollectRequest): Promise<CacheChains> {
  const chains = new CacheChains();
  const items = new Map<string, CacheItem>();
  const isWanted = await wantedLayers(request);
  for (const vertex of request.vertices) {
    if (sourceKind(vertex.op) === "image") await addImage(vertex, request, chains, items);
    else if (!vertex.op.source) await addOperation(vertex, request, chains, items, isWanted);
  }
  return chains;
}

async function wantedLayers({ mode, results, refOf }: CollectRequest): Promise<(diffId: string) => boolean> {
  if (mode === "max") return () => true;
  const own = new Set<string>();
  for (const { vertex, index } of results)
    for (const { diffId } of (await refOf(vertex, index))?.layers ?? []) own.add(diffId);
  return (diffId) => own.has(diffId);
}

async function addImage(
  vertex: Vertex,
  { refOf }: CollectRequest,
  chains: CacheChains,
  items: Map<string, CacheItem>,
): Promise<void> {
  const ref = await refOf(vertex, 0);
  if (!ref) return;
  const digest = layersDigest(ref.layers.map(({ diffId }) => diffId));
  items.set(outputKey(vertex.digest, 0), chains.add(digest, []));
}

async function addOperation(
  vertex: Vertex,
  request: CollectRequest,
  chains: CacheChains,
  items: Map<string, CacheItem>,
  isWanted: (diffId: string) => boolean,
): Promise<void> {
  const root = (digest: string) => [chains.add(digest, [])];
  const inputs = [];
  for (const [at, input] of vertex.inputs.entries()) {
    const item = items.get(outputKey(input.vertex.digest, input.index));
    const ref = await request.refOf(input.vertex, input.index);
    inputs.push(await inputLinks(vertex, at, { items: item ? [item] : [], ref }, root, request));
  }
  if (inputs.some((links) => links.length === 0)) return;
  for (let index = 0; index < outputCount(vertex.op); index++) {
    const item = chains.add(outputDigest(vertex.op, index), inputs);
    items.set(outputKey(vertex.digest, index), item);
    const layers = (await request.refOf(vertex, index))?.layers ?? [];
    if (layers.length === 0 || !layers.every(({ diffId }) => isWanted(diffId))) continue;
    const cached: CachedLayer[] = [];
    for (const layer of layers) cached.push(await request.archive(layer));
    item.results.push({ createdAtMs: layers.at(-1)!.createdAtMs, layers: cached });
  }
}
