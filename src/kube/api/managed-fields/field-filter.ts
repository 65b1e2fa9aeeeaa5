import { type FieldSet, fieldSetOfPaths, nodeOf, recursiveDifference } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** What a manager can own at all; the other fields are set back by the server, whatever is asked (reset fields). */
export type FieldFilter = (set: FieldSet) => FieldSet;

/** Lets everything through but these fields and what lies below them; `status`, `metadata.labels`. */
export function excludeFields(...paths: readonly string[]): FieldFilter {
  const excluded = fieldSetOfPaths(paths.map((path) => path.split(".").map(fieldElement)));
  return (set) => recursiveDifference(set, excluded);
}

/**
 * Lets only fields at and below these paths through; `*` stands for any step: `spec.containers.*.resources`. Where several
 * paths have a `*` at one place the first of them counts alone, for upstream does not find the others equal.
 */
export function includeFields(...paths: readonly string[]): FieldFilter {
  const patterns = paths.map((path) => path.split("."));
  return (set) => included(set, patterns);
}

function included(set: FieldSet, patterns: readonly (readonly string[])[]): FieldSet {
  if (patterns.some((pattern) => pattern.length === 0)) return set;
  const elements: PathElement[] = [];
  const nodes: FieldSet[] = [];
  for (const [at, element] of set.elements.entries()) {
    const below = matching(patterns, element);
    if (below.length === 0) continue;
    const node = included(
      set.nodes[at]!,
      below.map(([, ...rest]) => rest),
    );
    if (node.isEmpty) continue;
    elements.push(element);
    nodes.push(node);
  }
  return nodeOf(set.isMember, elements, nodes);
}

function matching(patterns: readonly (readonly string[])[], element: PathElement): (readonly string[])[] {
  const wildcard = patterns.find(([step]) => step === "*");
  return wildcard ? [wildcard] : patterns.filter(([step]) => fieldElement(step!) === element);
}
