import { compareElements, type Path, type PathElement } from "./path-element.ts";

/**
 * A set of field paths: a tree whose nodes are the members or on the way to one. Never changed once it is made: what
 * comes out of an operation shares the parts that stay, and is the very same set where nothing changes.
 */
export class FieldSet {
  /** Whether the path that leads here is in the set; of the root it is never true, nobody owns the whole object. */
  readonly isMember: boolean;
  /** The next steps in FieldsV1's order, and where they lead. No node is without a member at or below it. */
  readonly elements: readonly PathElement[];
  readonly nodes: readonly FieldSet[];

  constructor(isMember: boolean, elements: readonly PathElement[], nodes: readonly FieldSet[]) {
    this.isMember = isMember;
    this.elements = elements;
    this.nodes = nodes;
  }

  get isEmpty(): boolean {
    return !this.isMember && this.elements.length === 0;
  }

  /** The set of what lies below an element; with the element itself as its root. */
  child(element: PathElement): FieldSet | undefined {
    const { elements } = this;
    let [low, high] = [0, elements.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareElements(elements[middle]!, element);
      if (order === 0) return this.nodes[middle];
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  has(path: Path): boolean {
    let node: FieldSet | undefined = this;
    for (const element of path) node = node?.child(element);
    return path.length > 0 && node?.isMember === true;
  }

  /** All members: at each level first those that are there, then those below. */
  *paths(prefix: Path = []): Generator<Path> {
    for (const [at, node] of this.nodes.entries()) {
      if (node.isMember) yield [...prefix, this.elements[at]!];
    }
    for (const [at, node] of this.nodes.entries()) {
      if (node.elements.length > 0) yield* node.paths([...prefix, this.elements[at]!]);
    }
  }
}

export const EMPTY_SET: FieldSet = new FieldSet(false, [], []);
/** A member with nothing below it. */
export const LEAF: FieldSet = new FieldSet(true, [], []);

/** A node of these parts; elements are in order. */
export function nodeOf(
  isMember: boolean,
  elements: readonly PathElement[],
  nodes: readonly FieldSet[],
): FieldSet {
  if (elements.length > 0) return new FieldSet(isMember, elements, nodes);
  return isMember ? LEAF : EMPTY_SET;
}

/** The node, as a member as well. */
export function asMember(node: FieldSet): FieldSet {
  return node.isMember ? node : nodeOf(true, node.elements, node.nodes);
}

/** A node of children that come in any order, each element once. */
export function sortedNode(isMember: boolean, children: [PathElement, FieldSet][]): FieldSet {
  if (children.length === 0) return isMember ? LEAF : EMPTY_SET;
  if (children.length > 1) children.sort(([a], [b]) => compareElements(a, b));
  const elements: PathElement[] = [];
  const nodes: FieldSet[] = [];
  for (const [element, node] of children) {
    elements.push(element);
    nodes.push(node);
  }
  return new FieldSet(isMember, elements, nodes);
}

/** The set with all its nodes as `change` has them; none may become empty. */
export function withNodes(set: FieldSet, change: (node: FieldSet, step: PathElement) => FieldSet): FieldSet {
  const nodes = set.nodes.map((node, at) => change(node, set.elements[at]!));
  if (nodes.every((node, at) => node === set.nodes[at])) return set;
  return nodeOf(set.isMember, set.elements, nodes);
}

export function fieldSetOfPaths(paths: Iterable<Path>): FieldSet {
  let set = EMPTY_SET;
  for (const path of paths) set = union(set, chainTo(path));
  return set;
}

function chainTo(path: Path): FieldSet {
  if (path.length === 0) return EMPTY_SET;
  return path.reduceRight((node, element) => new FieldSet(false, [element], [node]), LEAF);
}

/** What to do with an element that is in one of two sets, or in both; undefined leaves it out. */
type Join = (
  left: FieldSet | undefined,
  right: FieldSet | undefined,
  element: PathElement,
) => FieldSet | undefined;

/** Walks the children of both in their order and keeps what `join` makes of them. */
function joined(isMember: boolean, left: FieldSet, right: FieldSet, join: Join): FieldSet {
  const elements: PathElement[] = [];
  const nodes: FieldSet[] = [];
  let hasChanged = isMember !== left.isMember;
  let [l, r] = [0, 0];
  while (l < left.elements.length || r < right.elements.length) {
    const order = orderAt(left.elements[l], right.elements[r]);
    const mine = order <= 0 ? left.nodes[l] : undefined;
    const theirs = order >= 0 ? right.nodes[r] : undefined;
    const element = (mine === undefined ? right.elements[r] : left.elements[l])!;
    const node = join(mine, theirs, element);
    if (node !== mine) hasChanged = true;
    if (node !== undefined && !node.isEmpty) {
      elements.push(element);
      nodes.push(node);
    }
    if (mine !== undefined) l++;
    if (theirs !== undefined) r++;
  }
  return hasChanged ? nodeOf(isMember, elements, nodes) : left;
}

function orderAt(left: PathElement | undefined, right: PathElement | undefined): number {
  if (left === undefined) return 1;
  return right === undefined ? -1 : compareElements(left, right);
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || b.isEmpty) return a;
  if (a.isEmpty) return b;
  return joined(a.isMember || b.isMember, a, b, (mine, theirs) =>
    mine === undefined || theirs === undefined ? (mine ?? theirs) : union(mine, theirs),
  );
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (a.isEmpty || b.isEmpty) return EMPTY_SET;
  return joined(a.isMember && b.isMember, a, b, (mine, theirs) =>
    mine === undefined || theirs === undefined ? undefined : intersection(mine, theirs),
  );
}

/** What is in `a` and not in `b`: a parent without its child is the parent, a child without its parent the child. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return EMPTY_SET;
  if (a.isEmpty || b.isEmpty) return a;
  return joined(a.isMember && !b.isMember, a, b, (mine, theirs) =>
    mine === undefined || theirs === undefined ? mine : difference(mine, theirs),
  );
}

/** As the difference, where a member of `b` takes all that lies below it away too. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.isEmpty || b.isEmpty) return a;
  return joined(a.isMember && !b.isMember, a, b, (mine, theirs) => {
    if (mine === undefined || theirs === undefined) return mine;
    return theirs.isMember ? undefined : recursiveDifference(mine, theirs);
  });
}

/** Whether all of `a` is in `b`. */
export function isSubset(a: FieldSet, b: FieldSet): boolean {
  return a === b || difference(a, b).isEmpty;
}
