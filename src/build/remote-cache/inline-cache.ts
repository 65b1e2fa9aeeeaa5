import type { BuildTree, SolveJob, TreeLayer } from "../solver/types.ts";
import type { CacheChains } from "./cache-chains.ts";
import { remoteLayer } from "./cache-export.ts";
import { timeOf, writeRecords } from "./write-chains.ts";

/**
 * The member `moby.buildkit.cache.v0` of an image's configuration: records whose layers are numbers of the image's. Undefined where
 * none of its layers is a result (moby/buildkit, cache/remotecache/inline).
 */
export async function inlineCacheOf(
  job: SolveJob,
  tree: BuildTree,
  layers: readonly TreeLayer[],
): Promise<string | undefined> {
  const at = new Map(layers.map(({ diffId }, index) => [diffId, index]));
  const chains: CacheChains = await job.cacheChains([tree], {
    mode: "min",
    archive: async (layer) => ({
      ...layer,
      ...remoteLayer(layer.diffId, {
        digest: layer.diffId,
        sizeBytes: 0,
        mediaType: "",
        open: () => nothing(),
      }),
    }),
  });
  let isEmpty = true;
  const records = writeRecords(chains, ({ layers: result, createdAtMs }) => {
    const indexes = result.map(({ diffId }) => at.get(diffId));
    if (indexes.length === 0 || indexes.some((index) => index === undefined)) return undefined;
    isEmpty = false;
    const createdAt = timeOf(createdAtMs);
    return indexes.every((index, position) => index === position)
      ? { layers: [{ layer: indexes.length - 1, createdAt }] }
      : { chains: [{ layers: indexes as number[], createdAt }] };
  });
  return isEmpty ? undefined : Buffer.from(JSON.stringify(records)).toString("base64");
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
