import { digestOf } from "../../formats/index.ts";

/** The ids of a stack of layers, bottom first: each names a layer together with all below it (OCI image-spec, config.md). */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}

/** The chain ids of those layers of a stack that were removed, top first. */
export function removedChainIds(diffIds: readonly string[], removed: readonly string[]): string[] {
  return chainIds(diffIds)
    .filter((_, index) => removed.includes(diffIds[index]!))
    .reverse();
}
