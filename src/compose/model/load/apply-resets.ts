import { isMap, matchesPath, type Tree, type TreePath } from "../tree/index.ts";

/** Takes away what a later file resets or replaces as a whole. */
export function applyResets(tree: Tree, resets: readonly TreePath[], path: TreePath = []): void {
  if (resets.length === 0 || !isMap(tree)) return;
  for (const key of Object.keys(tree)) {
    const place = [...path, key];
    if (resets.some((reset) => matchesPath(place, reset))) delete tree[key];
    else applyResets(tree[key]!, resets, place);
  }
}
