import { isMap, type Tree, type TreeMap } from "./tree.ts";

/** Where something stands in a tree: the keys that lead to it; an entry of a list is `[]`. */
export type TreePath = readonly string[];

/** `services.*.ports`: a `*` stands for any one key. */
export function pathPattern(text: string): TreePath {
  return text.split(".");
}

export function matchesPath(path: TreePath, pattern: TreePath): boolean {
  if (path.length !== pattern.length) return false;
  for (let at = pattern.length - 1; at >= 0; at--) {
    if (pattern[at] !== "*" && pattern[at] !== path[at]) return false;
  }
  return true;
}

export const pathText = (path: TreePath): string => path.join(".");

/** What shall happen at which places: the first rule whose pattern fits. */
export class PathRules<T> {
  readonly #byLength = new Map<number, { pattern: TreePath; rule: T }[]>();

  constructor(rules: Readonly<Record<string, T>>) {
    for (const [text, rule] of Object.entries(rules)) {
      const pattern = pathPattern(text);
      const same = this.#byLength.get(pattern.length) ?? [];
      same.push({ pattern, rule });
      this.#byLength.set(pattern.length, same);
    }
  }

  at(path: TreePath): T | undefined {
    return this.#byLength.get(path.length)?.find(({ pattern }) => matchesPath(path, pattern))?.rule;
  }
}

/** Replaces what stands at places with a rule by what the rule makes of it; what it returns is not looked into. */
export function rewriteTree(
  value: Tree,
  rules: PathRules<(value: Tree, path: TreePath) => Tree>,
  path: TreePath = [],
): Tree {
  const rule = rules.at(path);
  if (rule) return rule(value, path);
  return rewriteEntries(value, rules, path);
}

/** The same for what is in the value, not the value itself. */
export function rewriteEntries(
  value: Tree,
  rules: PathRules<(value: Tree, path: TreePath) => Tree>,
  path: TreePath,
): Tree {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) value[index] = rewriteTree(entry, rules, [...path, "[]"]);
  } else if (isMap(value)) {
    for (const key of Object.keys(value)) value[key] = rewriteTree(value[key]!, rules, [...path, key]);
  }
  return value;
}

/** The map at a key, where there is one. */
export function mapAt(map: TreeMap, key: string): TreeMap | undefined {
  const value = map[key];
  return isMap(value) ? value : undefined;
}
