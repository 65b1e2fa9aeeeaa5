import { compareQuantities } from "../../../formats/index.ts";
import { type Edit, editScript } from "./edit-script.ts";
import type { GoField, GoType } from "./go-type.ts";

/** The side that an element of the other list or map has no partner on. */
export const MISSING = Symbol("missing");

/** Two values of a type and how their parts compare (go-cmp's valueNode). */
export interface ValueNode {
  type: GoType;
  x: unknown;
  y: unknown;
  /** Leaves below that are the same, and that are not. */
  same: number;
  different: number;
  /** Leaves that a method of their type compared. */
  compared: number;
  descendants: number;
  depth: number;
  /** Of a struct, slice or map. */
  records: ValueRecord[];
  /** What a pointer points at. */
  value?: ValueNode;
}

export interface ValueRecord {
  /** The field's name, or the map's key. */
  key: string;
  node: ValueNode;
}

export function compareValues(type: GoType, x: unknown, y: unknown): ValueNode {
  const node: ValueNode = {
    type,
    x,
    y,
    same: 0,
    different: 0,
    compared: 0,
    descendants: 0,
    depth: 0,
    records: [],
  };
  if (x === MISSING || y === MISSING) return leaf(node, false);
  switch (type.kind) {
    case "struct":
      return addAll(
        node,
        type.fields().map((field) => recordOf(field, x, y)),
      );
    case "slice":
      if (isNil(x) || isNil(y)) return leaf(node, isNil(x) && isNil(y));
      return addAll(node, elements(type.of, x as unknown[], y as unknown[]));
    case "map":
      if (isNil(x) || isNil(y)) return leaf(node, isNil(x) && isNil(y));
      return addAll(node, entries(type.of, x as object, y as object));
    case "pointer":
      if (isNil(x) || isNil(y)) return leaf(node, isNil(x) && isNil(y));
      node.value = compareValues(type.to, x, y);
      count(node, node.value);
      return node;
    case "quantity":
      node.compared = 1;
      return leaf(node, compareQuantities(String(x ?? "0"), String(y ?? "0")) === 0);
    case "string":
      return leaf(node, (x ?? "") === (y ?? ""));
    case "int":
      return leaf(node, (x ?? 0) === (y ?? 0));
    default:
      return leaf(node, (x ?? false) === (y ?? false));
  }
}

const isNil = (value: unknown) => value === undefined || value === null;

function leaf(node: ValueNode, isSame: boolean): ValueNode {
  if (isSame) node.same = 1;
  else node.different = 1;
  return node;
}

function addAll(node: ValueNode, records: ValueRecord[]): ValueNode {
  node.records = records;
  for (const record of records) count(node, record.node);
  return node;
}

function count(parent: ValueNode, child: ValueNode): void {
  parent.same += child.same;
  parent.different += child.different;
  parent.compared += child.compared;
  parent.descendants += child.descendants + 1;
  parent.depth = Math.max(parent.depth, child.depth + 1);
}

function recordOf(field: GoField, x: unknown, y: unknown): ValueRecord {
  return { key: field.name, node: compareValues(field.type, field.of(x), field.of(y)) };
}

const TAKES: Record<Edit, readonly [x: 0 | 1, y: 0 | 1]> = {
  identity: [1, 1],
  modified: [1, 1],
  uniqueX: [1, 0],
  uniqueY: [0, 1],
};

function elements(type: GoType, xs: readonly unknown[], ys: readonly unknown[]): ValueRecord[] {
  const script = editScript(xs.length, ys.length, (x, y) => compareValues(type, xs[x], ys[y]));
  let [x, y] = [0, 0];
  return script.map((edit) => {
    const [takesX, takesY] = TAKES[edit];
    const node = compareValues(type, takesX ? xs[x] : MISSING, takesY ? ys[y] : MISSING);
    x += takesX;
    y += takesY;
    return { key: "", node };
  });
}

function entries(type: GoType, x: object, y: object): ValueRecord[] {
  const keys = [...new Set([...Object.keys(x), ...Object.keys(y)])].sort();
  const valueIn = (map: object, key: string) =>
    Object.hasOwn(map, key) ? (map as Record<string, unknown>)[key] : MISSING;
  return keys.map((key) => ({ key, node: compareValues(type, valueIn(x, key), valueIn(y, key)) }));
}
