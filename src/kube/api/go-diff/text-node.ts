import { Buffer } from "node:buffer";

/** What a line of a difference is part of: of both values, of the first or of the second. */
export type DiffMode = "both" | "same" | "removed" | "inserted";

/** A line, something in braces, or a list of such (go-cmp's textLine, textWrap and textList). */
export type TextNode = string | TextWrap | TextList;

export interface TextWrap {
  prefix: string;
  value: TextNode;
  suffix: string;
}

export type TextList = TextRecord[];

export interface TextRecord {
  diff: DiffMode;
  key: string;
  value: TextNode;
  hasComma: boolean;
  comment?: DiffStats;
}

export const NIL = "nil";
export const ELLIPSIS = "...";
/** Beyond this what is removed or inserted is told in several lines. */
const MAX_COLUMNS = 80;

export const record = (key: string, value: TextNode, diff: DiffMode = "both"): TextRecord => ({
  diff,
  key,
  value,
  hasComma: true,
});

/** How many elements of a list were left out, and in what way they differed. */
export interface DiffStats {
  name: string;
  identical: number;
  removed: number;
  inserted: number;
  modified: number;
}

export const noStats = (name: string): DiffStats => ({
  name,
  identical: 0,
  removed: 0,
  inserted: 0,
  modified: 0,
});
export const numDifferent = ({ removed, inserted, modified }: DiffStats) => removed + inserted + modified;

export function addStats(to: DiffStats, more: DiffStats): void {
  to.identical += more.identical;
  to.removed += more.removed;
  to.inserted += more.inserted;
  to.modified += more.modified;
}

function statsText({ name, identical, removed, inserted, modified }: DiffStats): string {
  const counts = Object.entries({ identical, removed, inserted, modified }).filter(([, one]) => one > 0);
  const sum = counts.reduce((all, [, one]) => all + one, 0);
  const plural = sum > 1 ? `${name}s`.replace(/ys$/, "ies") : name;
  const parts = counts.map(([word, one]) => `${one} ${word}`);
  if (parts.length <= 2) return `${parts.join(" and ")} ${plural}`;
  return `${parts.slice(0, -1).join(", ")}, and ${parts.at(-1)} ${plural}`;
}

/** Says that something was left out; what was said of that last is added to. */
export function appendEllipsis(list: TextList, stats?: DiffStats): void {
  const last = list.at(-1);
  if (last?.value !== ELLIPSIS) {
    const comment = stats === undefined ? {} : { comment: { ...stats } };
    list.push({ ...record("", ELLIPSIS), hasComma: false, ...comment });
  } else if (stats !== undefined && last.comment !== undefined) addStats(last.comment, stats);
}

const isLine = (node: TextNode): node is string => typeof node === "string";

/** Bytes of the node on one line. */
export function textLength(node: TextNode): number {
  if (isLine(node)) return Buffer.byteLength(node);
  if (!Array.isArray(node)) return node.prefix.length + textLength(node.value) + node.suffix.length;
  const keys = node.reduce((sum, { key, value }) => sum + (key ? key.length + 2 : 0) + textLength(value), 0);
  return keys + 2 * Math.max(0, node.length - 1);
}

/** The difference as it is printed, with a line end. */
export function printText(node: TextNode): string {
  const [, folded] = fold(node, "both");
  return `${indent(0, "both")}${unfold(folded, "both", 0)}\n`;
}

/** A node on one line. */
export function lineOf(node: TextNode): string {
  return fold(node, "same")[0];
}

const isOneSided = (mode: DiffMode) => mode === "removed" || mode === "inserted";
const within = (outer: DiffMode, inner: DiffMode): DiffMode => (isOneSided(inner) ? inner : outer);

/** The node on one line, and the node with all that fits on one line folded. */
function fold(node: TextNode, mode: DiffMode): [line: string, node: TextNode] {
  if (isLine(node)) return [node, node];
  if (Array.isArray(node)) return foldList(node, mode);
  const [line, value] = fold(node.value, mode);
  const text = node.prefix + line + node.suffix;
  return [text, isLine(value) ? text : { ...node, value }];
}

function foldList(list: TextList, mode: DiffMode): [string, TextNode] {
  let isLong = false;
  const parts: string[] = [];
  const folded = list.map((one) => {
    const [line, value] = fold(one.value, within(mode, one.diff));
    parts.push(one.key === "" ? line : `${one.key}: ${line}`);
    if (isOneSided(one.diff) || !isLine(value) || one.comment !== undefined) isLong = true;
    return { ...one, value };
  });
  const text = parts.join(", ");
  if (isOneSided(mode) && Buffer.byteLength(text) > MAX_COLUMNS) isLong = true;
  return [text, isLong ? folded : text];
}

/**
 * go-cmp tosses a coin at the start of a process whether it indents by spaces or by spaces that do not break, so that nobody
 * relies on it. Here they never break.
 */
const MARKS: Record<DiffMode, string> = {
  both: "\u00a0\u00a0",
  same: "\u00a0\u00a0",
  removed: "-\u00a0",
  inserted: "+\u00a0",
};

const indent = (depth: number, mode: DiffMode) => MARKS[mode] + "\t".repeat(depth);

function unfold(node: TextNode, mode: DiffMode, depth: number): string {
  if (isLine(node)) return node;
  if (!Array.isArray(node)) return node.prefix + unfold(node.value, mode, depth) + node.suffix;
  const end = `\n${indent(depth, mode)}`;
  return (isPlain(node) ? batches(node, mode, depth + 1) : lines(node, mode, depth + 1)).join("") + end;
}

/** Nothing but values on one line, which may stand several to the line. */
function isPlain(list: TextList): boolean {
  return (
    list.length > 0 &&
    list.every(
      (one) => one.diff === "both" && one.key === "" && isLine(one.value) && one.comment === undefined,
    )
  );
}

function batches(list: TextList, mode: DiffMode, depth: number): string[] {
  const out: string[] = [];
  let batch = "";
  const emit = () => {
    if (batch !== "") out.push(`\n${indent(depth, mode)}${batch.trimEnd()}`);
    batch = "";
  };
  for (const { value } of list) {
    if (Buffer.byteLength(batch + (value as string)) + 2 > MAX_COLUMNS) emit();
    batch += `${value}, `;
  }
  emit();
  return out;
}

function lines(list: TextList, mode: DiffMode, depth: number): string[] {
  const keyPads = padding(list, ({ key, value }) =>
    key === "" || !isLine(value) ? undefined : [...key].length,
  );
  const valuePads = padding(list, ({ value, comment }) =>
    !isLine(value) || value === ELLIPSIS || comment === undefined ? undefined : [...value].length,
  );
  return list.map((one, index) => {
    const inner = within(mode, one.diff);
    const key = one.key === "" ? "" : `${one.key}: `;
    const value = unfold(one.value, inner, depth) + (one.hasComma ? "," : "");
    const comment = one.comment === undefined ? "" : ` // ${statsText(one.comment)}`;
    return `\n${indent(depth, inner)}${key}${keyPads[index]}${value}${valuePads[index]}${comment}`;
  });
}

/** Blanks that make neighbours equally long; one of no length parts them. */
function padding(list: TextList, lengthOf: (one: TextRecord) => number | undefined): string[] {
  const lengths = list.map(lengthOf);
  return lengths.map((length, index) => {
    if (length === undefined) return "";
    let widest = length;
    for (let i = index - 1; lengths[i] !== undefined; i--) widest = Math.max(widest, lengths[i]!);
    for (let i = index + 1; lengths[i] !== undefined; i++) widest = Math.max(widest, lengths[i]!);
    return " ".repeat(widest - length);
  });
}
