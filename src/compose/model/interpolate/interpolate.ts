import { errorMessage, invalidArgument } from "../../../base/index.ts";
import { isMap, newMap, pathText, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";
import { CASTS } from "./casts.ts";
import { InvalidTemplate, type Lookup, substitute } from "./substitute.ts";

/** The tree with the variables in its texts replaced, and what is a number or a truth value there made one. Keys stay. */
export function interpolate(tree: TreeMap, lookup: Lookup, warn: (message: string) => void): TreeMap {
  const onUnset = (name: string) =>
    warn(`The ${JSON.stringify(name)} variable is not set. Defaulting to a blank string.`);
  const walk = (value: Tree, path: TreePath): Tree => {
    if (typeof value === "string") return text(value, path);
    if (Array.isArray(value)) return value.map((entry) => walk(entry, [...path, "[]"]));
    if (isMap(value)) {
      return newMap(Object.entries(value).map(([key, entry]) => [key, walk(entry, [...path, key])]));
    }
    return value;
  };
  const text = (value: string, path: TreePath): Tree => {
    const replaced = substituteAt(value, lookup, onUnset, path);
    const cast = CASTS.at(path);
    if (!cast) return replaced;
    try {
      return cast(replaced, warn);
    } catch (error) {
      throw invalidArgument(
        `error while interpolating ${pathText(path)}: failed to cast to expected type: ${errorMessage(error)}`,
      );
    }
  };
  return walk(tree, []) as TreeMap;
}

function substituteAt(
  value: string,
  lookup: Lookup,
  onUnset: (name: string) => void,
  path: TreePath,
): string {
  try {
    return substitute(value, lookup, onUnset);
  } catch (error) {
    if (error instanceof InvalidTemplate) {
      throw invalidArgument(
        `invalid interpolation format for ${pathText(path)}.\nYou may need to escape any $ with another $.\n${error.template}`,
      );
    }
    throw invalidArgument(`error while interpolating ${pathText(path)}: ${errorMessage(error)}`);
  }
}
