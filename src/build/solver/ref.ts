import type { LocalTree } from "../sources/local-tree.ts";
import type { TreeLayer } from "./types.ts";

/** A result: layers, or a directory that is no layer yet. */
export interface Ref {
  layers: readonly TreeLayer[];
  /** A client's directory; `layers` is empty then. */
  local?: LocalTree;
}

export const EMPTY_REF: Ref = { layers: [] };

/** What a result is, in a text: equal texts are equal files. */
export function identityOf({ layers, local }: Ref): string {
  return local ? `local ${local.identity}` : layers.map(({ diffId }) => diffId).join();
}
