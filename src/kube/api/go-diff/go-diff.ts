import { compareValues } from "./compare-values.ts";
import { formatDiff } from "./format-diff.ts";
import { goStructType } from "./go-type.ts";
import { printText } from "./text-node.ts";

/**
 * What differs between two values of a Go struct (`core.PersistentVolumeSource`), as go-cmp's `cmp.Diff` tells it and upstream
 * sends it to clients; empty where nothing does. The values are the struct's JSON, defaults filled in. Not told apart, as
 * nothing here has them: lists of numbers, bytes, times.
 */
export function goDiff(struct: string, before: object, after: object): string {
  const node = compareValues(goStructType(struct), before, after);
  if (node.different === 0) return "";
  const options = {
    mode: "both",
    types: "always",
    verbosity: 0,
    isLimited: false,
    avoidsOwnText: false,
  } as const;
  return printText(formatDiff(options, node)!);
}
