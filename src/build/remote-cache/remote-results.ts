import { errorMessage } from "../../base/index.ts";
import { operationKeys } from "../cache/operation-keys.ts";
import type { OperationHost } from "../operations/operation-context.ts";
import type { Vertex } from "../solver/graph.ts";
import type { JobVertex } from "../solver/job-vertex.ts";
import type { Ref } from "../solver/ref.ts";
import { rememberResult } from "../solver/run-operation.ts";
import type { CacheChains, CacheItem, ChainResult } from "./cache-chains.ts";
import {
  inputLinks,
  layersDigest,
  outputCount,
  outputDigest,
  outputKey,
  sourceKind,
} from "./vertex-items.ts";

/** How a job's vertices look to the one who searches for their results. */
export interface JobView {
  signal: AbortSignal;
  /** Diff ids of an image; undefined where it cannot be had. */
  imageLayers(vertex: Vertex): Promise<readonly string[] | undefined>;
  /** A client's directory, which is got for this. */
  localRef(vertex: Vertex): Promise<Ref | undefined>;
  /** Somebody is at it already. */
  isBegun(vertex: Vertex): boolean;
  line(vertex: Vertex): JobVertex;
  keep(release: () => void): void;
}

/** Results that another builder kept, for the vertices of one job. What is found is got only as far as it is needed. */
export class RemoteResults {
  readonly #chains: CacheChains;
  readonly #host: OperationHost;
  readonly #items = new Map<string, Set<CacheItem>>();
  readonly #refs = new Map<string, Ref>();

  constructor(chains: CacheChains, host: OperationHost) {
    this.#chains = chains;
    this.#host = host;
  }

  /** What is known of an output that was not carried out. */
  refOf(vertex: Vertex, index: number): Ref | undefined {
    return this.#refs.get(outputKey(vertex.digest, index));
  }

  /** Of these vertices (inputs first) those that are left to be carried out for the last one; the results of others are here then. */
  async cover(
    vertices: readonly Vertex[],
    view: JobView,
  ): Promise<{ left: Set<string>; found: Map<string, Ref[]> }> {
    for (const vertex of vertices) await this.#identify(vertex, view);
    for (;;) {
      const { left, hits } = this.#choose(vertices.at(-1)!, view);
      const loads = await Promise.allSettled(
        [...hits].map(([vertex, results]) => this.#load(vertex, results, view)),
      );
      view.signal.throwIfAborted();
      if (loads.some(({ status }) => status === "rejected")) continue;
      const found = new Map([...hits.keys()].map((vertex) => [vertex.digest, this.#outputsOf(vertex)]));
      for (const vertex of vertices) if (!left.has(vertex.digest)) await this.#remember(vertex, view);
      return { left, found };
    }
  }

  /** What another builder made of the same operation with inputs of the same content. */
  async find(vertex: Vertex, inputs: readonly Ref[], view: JobView): Promise<Ref[] | undefined> {
    await this.#match(vertex, (at) => inputs[at], view.signal);
    const results = this.#resultsOf(vertex);
    if (!results) return undefined;
    try {
      await this.#load(vertex, results, view);
    } catch {
      view.signal.throwIfAborted();
      return undefined;
    }
    return this.#outputsOf(vertex);
  }

  async #identify(vertex: Vertex, view: JobView): Promise<void> {
    const kind = sourceKind(vertex.op);
    if (kind === "image") {
      const diffIds = await view.imageLayers(vertex);
      if (!diffIds) return;
      const layers = diffIds.map((diffId) => ({ diffId, createdAtMs: 0, description: "" }));
      this.#refs.set(outputKey(vertex.digest, 0), { layers });
      this.#items.set(outputKey(vertex.digest, 0), this.#chains.match(layersDigest(diffIds), []));
    } else if (kind === "files") {
      const ref = vertex.op.source!.identifier.startsWith("local://")
        ? await view.localRef(vertex)
        : undefined;
      if (ref) this.#refs.set(outputKey(vertex.digest, 0), ref);
    } else if (!vertex.metadata?.ignoreCache) {
      const localOf = (at: number) => {
        const input = vertex.inputs[at]!;
        const ref = this.refOf(input.vertex, input.index);
        return ref?.local ? ref : undefined;
      };
      await this.#match(vertex, localOf, view.signal);
    }
  }

  async #match(vertex: Vertex, refAt: (at: number) => Ref | undefined, signal: AbortSignal): Promise<void> {
    const root = (digest: string) => this.#chains.match(digest, []);
    const where = { workspace: this.#host.workspace, signal };
    const inputs = [];
    for (const [at, { vertex: from, index }] of vertex.inputs.entries()) {
      const items = this.#items.get(outputKey(from.digest, index)) ?? [];
      inputs.push(await inputLinks(vertex, at, { items, ref: refAt(at) }, root, where));
    }
    for (let index = 0; index < outputCount(vertex.op); index++)
      this.#items.set(
        outputKey(vertex.digest, index),
        this.#chains.match(outputDigest(vertex.op, index), inputs),
      );
  }

  /** From the last vertex down: where results are known nothing below is needed. */
  #choose(last: Vertex, view: JobView): { left: Set<string>; hits: Map<Vertex, ChainResult[]> } {
    const left = new Set<string>();
    const hits = new Map<Vertex, ChainResult[]>();
    const seen = new Set<string>();
    const stack = [last];
    for (let vertex = stack.pop(); vertex; vertex = stack.pop()) {
      if (seen.has(vertex.digest)) continue;
      seen.add(vertex.digest);
      const results = view.isBegun(vertex) ? undefined : this.#resultsOf(vertex);
      if (results) hits.set(vertex, results);
      else {
        left.add(vertex.digest);
        if (!view.isBegun(vertex)) stack.push(...vertex.inputs.map((input) => input.vertex));
      }
    }
    return { left, hits };
  }

  #resultsOf(vertex: Vertex): ChainResult[] | undefined {
    if (vertex.op.source || vertex.metadata?.ignoreCache) return undefined;
    const results: ChainResult[] = [];
    for (let index = 0; index < outputCount(vertex.op); index++) {
      const best = this.#bestOf(vertex, index);
      if (!best) return undefined;
      results.push(best);
    }
    return results.length > 0 ? results : undefined;
  }

  #bestOf(vertex: Vertex, index: number): ChainResult | undefined {
    const known = [...(this.#items.get(outputKey(vertex.digest, index)) ?? [])].flatMap(
      (item) => item.best() ?? [],
    );
    return known.sort((a, b) => b.createdAtMs - a.createdAtMs)[0];
  }

  /** A result that cannot be had is forgotten, so that the operation is carried out. */
  async #load(vertex: Vertex, results: readonly ChainResult[], view: JobView): Promise<void> {
    const line = view.line(vertex);
    line.start();
    try {
      const layers = results.flatMap((result) => result.layers);
      const release = await this.#host.images.fetchLayers(layers, {
        signal: view.signal,
        onProgress: ({ id, status, current = 0, total = 0 }) => {
          const isExtracting = status === "Extracting" || status === "Pull complete";
          const isDone = status === "Download complete" || status === "Pull complete";
          const amount = isDone ? { done: true } : { current, total };
          line.status(isExtracting ? `extracting ${id}` : id!, amount);
        },
      });
      view.keep(release);
    } catch (error) {
      for (const result of results) this.#forget(vertex, result);
      line.status(`cached result cannot be had: ${errorMessage(error)}`, { done: true });
      throw error;
    }
    for (const [index, result] of results.entries())
      this.#refs.set(outputKey(vertex.digest, index), refOfResult(result));
    line.complete({ cached: true });
  }

  #forget(vertex: Vertex, result: ChainResult): void {
    for (let index = 0; index < outputCount(vertex.op); index++) {
      for (const { results } of this.#items.get(outputKey(vertex.digest, index)) ?? []) {
        const at = results.indexOf(result);
        if (at >= 0) results.splice(at, 1);
      }
    }
  }

  #outputsOf(vertex: Vertex): Ref[] {
    return Array.from({ length: outputCount(vertex.op) }, (_, index) => this.refOf(vertex, index)!);
  }

  /** Builds without that cache find the results, too: what is known of what lies below, as far as its layers are here. */
  async #remember(vertex: Vertex, view: JobView): Promise<void> {
    view.line(vertex).complete({ cached: true });
    const { op } = vertex;
    const { images, results, workspace } = this.#host;
    for (let index = 0; index < outputCount(op) && !op.source; index++) {
      const best = this.#bestOf(vertex, index);
      if (best?.layers.every(({ diffId }) => images.layerSize(diffId) !== undefined))
        this.#refs.set(outputKey(vertex.digest, index), refOfResult(best));
    }
    if (!op.exec && !op.file) return;
    const inputs = vertex.inputs.map((input) => this.refOf(input.vertex, input.index));
    const outputs = this.#outputsOf(vertex);
    if (outputs.some((ref) => ref === undefined) || inputs.some((ref) => ref === undefined)) return;
    const keys = operationKeys(op, inputs as Ref[], workspace);
    const all = keys.byIdentity === undefined ? [] : [keys.byIdentity];
    try {
      all.push(await keys.byContent(view.signal));
    } catch {
      // The layers of an input are not here: by its identity it is found all the same.
    }
    await putOnce(results, all, vertex, inputs as Ref[], outputs, view);
  }
}

async function putOnce(
  results: OperationHost["results"],
  keys: string[],
  vertex: Vertex,
  inputs: readonly Ref[],
  outputs: readonly Ref[],
  view: JobView,
): Promise<void> {
  const known = results.find(keys);
  if (known) return view.keep(known.release);
  if (keys.length === 0) return;
  const { release } = await rememberResult({ results }, vertex, keys, inputs, outputs);
  view.keep(release);
}

function refOfResult({ layers }: ChainResult): Ref {
  return {
    layers: layers.map(({ diffId, createdAtMs, description }) => ({ diffId, createdAtMs, description })),
  };
}
