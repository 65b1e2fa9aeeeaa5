import { invalidArgument, notImplemented } from "../../base/index.ts";
import type { DiffOp, MergeOp } from "../llb/index.ts";
import { EMPTY_REF, type Ref } from "../solver/ref.ts";

/** The inputs' layers, one on another: a later input's files and removals count. */
export function mergeRefs({ inputs }: MergeOp, refs: readonly Ref[]): Ref {
  return { layers: inputs.flatMap(({ input }) => layered(refs, input).layers) };
}

/** What is in `upper` above `lower`: its uppermost layers. */
export function diffRefs({ lower, upper }: DiffOp, refs: readonly Ref[]): Ref {
  const below = lower && lower.input >= 0 ? layered(refs, lower.input) : EMPTY_REF;
  const above = upper && upper.input >= 0 ? layered(refs, upper.input) : EMPTY_REF;
  const isOnTop = below.layers.every(({ diffId }, at) => above.layers[at]?.diffId === diffId);
  if (isOnTop) return { layers: above.layers.slice(below.layers.length) };
  throw notImplemented("the difference of results that do not lie on each other is not supported", {
    code: "Build.Diff",
  });
}

function layered(refs: readonly Ref[], input: number): Ref {
  const ref = refs[input];
  if (!ref) throw invalidArgument(`missing input ${input}`);
  if (ref.local)
    throw notImplemented("merging a client's directory is not supported", { code: "Build.Merge" });
  return ref;
}
