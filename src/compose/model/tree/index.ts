export { copyTree, goFloat, isMap, newMap, sprint, type Tree, type TreeMap, typeName } from "./tree.ts";
export {
  mapAt,
  matchesPath,
  PathRules,
  pathPattern,
  pathText,
  rewriteEntries,
  rewriteTree,
  type TreePath,
} from "./tree-path.ts";
