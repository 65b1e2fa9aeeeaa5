import { Buffer } from "node:buffer";
import { MISSING, type ValueNode, type ValueRecord } from "./compare-values.ts";
import {
  type FormatOptions,
  HIGHEST_PRESET,
  verbosityOf,
  withPreset,
  withType,
  withVerbosity,
} from "./format-options.ts";
import { formatTexts } from "./format-texts.ts";
import { formatValue, mapKey } from "./format-value.ts";
import { type GoType, isZero } from "./go-type.ts";
import {
  addStats,
  appendEllipsis,
  type DiffStats,
  noStats,
  numDifferent,
  record,
  type TextList,
  type TextNode,
  textLength,
} from "./text-node.ts";

/** So many neighbours of a difference are told. */
const CONTEXT = 2;

/** What two values have in common and what not (go-cmp's FormatDiff). */
export function formatDiff(given: FormatOptions, node: ValueNode): TextNode | undefined {
  const options = withVerbosity(given, given.mode === "same" ? 1 : Math.max(verbosityOf(given), 3));
  if (node.depth === 0) return formatLeaf(options, node);
  if (node.value !== undefined) return { prefix: "&", value: formatDiff(options, node.value)!, suffix: "" };
  return withType(options, node.type, formatRecords(options, node));
}

const MIN_LONG_TEXT = 32;

/** Long texts are compared by their bytes. */
function isLongText({ mode }: FormatOptions, { type, different, x, y }: ValueNode): boolean {
  if (mode !== "both" || different === 0 || type.kind !== "string") return false;
  const isLong = (text: unknown) => typeof text === "string" && Buffer.byteLength(text) >= MIN_LONG_TEXT;
  return isLong(x) && isLong(y);
}

function formatLeaf(options: FormatOptions, { type, x, y, different }: ValueNode): TextNode | undefined {
  if (options.mode === "removed") return formatValue(options, type, x);
  if (options.mode === "inserted") return formatValue(options, type, y);
  if (different > 0) throw new Error("what differs is told on both sides by what it is part of");
  const [before, after] = [formatValue(options, type, x)!, formatValue(options, type, y)!];
  return textLength(before) < textLength(after) ? before : after;
}

const NAMES: Partial<Record<GoType["kind"], string>> = { struct: "field", slice: "element", map: "entry" };

function formatRecords(given: FormatOptions, { type, records }: ValueNode): TextNode {
  const parts: FormatOptions = { ...given, types: type.kind === "struct" ? "ofParts" : "never" };
  const inner = { ...parts, verbosity: parts.verbosity - 1 };
  const limit =
    given.mode === "same" ? ((1 << verbosityOf(given)) >> 1) << 2 : (1 << verbosityOf(given)) << 1;
  const keyOf = ({ key }: ValueRecord) => (type.kind === "map" ? mapKey(type.key, key) : key);
  const list =
    given.mode === "both"
      ? differences(inner, NAMES[type.kind]!, records, keyOf, limit)
      : oneSide(inner, type, records, keyOf, limit);
  return { prefix: "{", value: list, suffix: "}" };
}

/** The records of one side, or of two that are the same; fields that are zero are left out. */
function oneSide(
  options: FormatOptions,
  type: GoType,
  records: readonly ValueRecord[],
  keyOf: (one: ValueRecord) => string,
  limit: number,
): TextList {
  const list: TextList = [];
  for (const one of records) {
    if (list.length === limit) {
      appendEllipsis(list);
      break;
    }
    if (type.kind === "struct" && isZeroIn(options, one.node)) continue;
    const text = formatDiff(options, one.node);
    if (text !== undefined) list.push(record(keyOf(one), text));
  }
  return list;
}

function isZeroIn({ mode }: FormatOptions, { type, x, y }: ValueNode): boolean {
  if (mode === "removed") return isZero(type, x);
  if (mode === "inserted") return isZero(type, y);
  return isZero(type, x) || isZero(type, y);
}

function differences(
  options: FormatOptions,
  name: string,
  records: readonly ValueRecord[],
  keyOf: (one: ValueRecord) => string,
  limit: number,
): TextList {
  const list: TextList = [];
  const rest = noStats(name);
  const groups = groupsOf(name, records);
  let at = 0;
  let told = 0;
  for (const [index, stats] of groups.entries()) {
    const count = stats.identical + numDifferent(stats);
    const group = records.slice(at, at + count);
    at += count;
    if (told >= limit) {
      addStats(rest, stats);
      continue;
    }
    if (numDifferent(stats) > 0) {
      told += count;
      for (const one of group) list.push(...differing(options, keyOf(one), one.node));
      continue;
    }
    const same = (one: ValueRecord) =>
      record(keyOf(one), formatDiff({ ...options, mode: "same" }, one.node)!);
    const { low, high } = contextOf(count, index === 0, index === groups.length - 1);
    list.push(...group.slice(0, low).map(same));
    if (count > low + high) appendEllipsis(list, { ...stats, identical: count - low - high });
    list.push(...group.slice(count - high).map(same));
  }
  if (rest.identical + numDifferent(rest) > 0) appendEllipsis(list, rest);
  return list;
}

/** How many of a group of equal records are told before and after what is left out; a single one is not left out. */
function contextOf(count: number, isFirst: boolean, isLast: boolean): { low: number; high: number } {
  const low = isFirst ? 0 : Math.min(CONTEXT, count);
  const high = isLast ? 0 : Math.min(CONTEXT, count - low);
  return { low, high: count - low - high === 1 ? high + 1 : high };
}

/** Neighbours that are the same, and neighbours that are not. */
function groupsOf(name: string, records: readonly ValueRecord[]): DiffStats[] {
  const groups: DiffStats[] = [];
  let wasDifferent: boolean | undefined;
  for (const { node } of records) {
    const isDifferent = node.different > 0;
    if (isDifferent !== wasDifferent) groups.push(noStats(name));
    wasDifferent = isDifferent;
    const stats = groups.at(-1)!;
    if (!isDifferent) stats.identical++;
    else if (node.y === MISSING) stats.removed++;
    else if (node.x === MISSING) stats.inserted++;
    else stats.modified++;
  }
  return groups;
}

function differing(options: FormatOptions, key: string, node: ValueNode): TextList {
  if (isLongText(options, node)) return [record(key, formatTexts(options, String(node.x), String(node.y)))];
  if (node.descendants !== node.depth) return [record(key, formatDiff(options, node)!)];
  let [before, after] = bothSides(options, node);
  for (
    let i = 0;
    i <= HIGHEST_PRESET && before !== undefined && after !== undefined && isSameText(before, after);
    i++
  )
    [before, after] = bothSides(withPreset(options, i), node);
  return [
    ...(before === undefined ? [] : [record(key, before, "removed")]),
    ...(after === undefined ? [] : [record(key, after, "inserted")]),
  ];
}

const bothSides = (options: FormatOptions, node: ValueNode) => [
  formatDiff({ ...options, mode: "removed" }, node),
  formatDiff({ ...options, mode: "inserted" }, node),
];

const isSameText = (a: TextNode, b: TextNode) => JSON.stringify(a) === JSON.stringify(b);
