import { Buffer } from "node:buffer";
import { type Edit, editScript } from "./edit-script.ts";
import { type FormatOptions, verbosityOf } from "./format-options.ts";
import { quoted } from "./format-value.ts";
import {
  addStats,
  appendEllipsis,
  type DiffMode,
  type DiffStats,
  noStats,
  numDifferent,
  record,
  type TextList,
  type TextNode,
} from "./text-node.ts";

/** Texts are told in pieces of so many bytes. */
const CHUNK = 64;
const CONTEXT = 2;

/** What differs between two long texts, by their bytes (go-cmp's FormatDiffSlice for a text of one line). */
export function formatTexts(options: FormatOptions, before: string, after: string): TextNode {
  let [x, y] = [Buffer.from(before), Buffer.from(after)];
  const limit = (1 << verbosityOf(options)) << 2;
  const list: TextList = [];
  const rest = noStats("byte");
  const tell = (bytes: Buffer, diff: DiffMode) => {
    for (let at = 0; at < bytes.length; at += CHUNK)
      list.push(record("", quoted(bytes.subarray(at, at + CHUNK).toString()), diff));
  };
  let told = 0;
  const groups = groupsOf(x, y);
  for (const [index, stats] of groups.entries()) {
    if (told >= limit) {
      addStats(rest, stats);
      continue;
    }
    const { identical, removed, inserted, modified } = stats;
    if (numDifferent(stats) > 0) {
      const length = list.length;
      tell(x.subarray(0, identical + removed + modified), "removed");
      tell(y.subarray(0, identical + inserted + modified), "inserted");
      x = x.subarray(identical + removed + modified);
      y = y.subarray(identical + inserted + modified);
      told += list.length - length;
      continue;
    }
    const low = index === 0 ? 0 : Math.min(CHUNK * CONTEXT, identical);
    let high = index === groups.length - 1 ? 0 : Math.min(CHUNK * CONTEXT, identical - low);
    if (identical - low - high <= CHUNK) high = identical - low;
    tell(x.subarray(0, low), "same");
    if (identical > low + high) appendEllipsis(list, { ...stats, identical: identical - low - high });
    tell(x.subarray(identical - high, identical), "same");
    x = x.subarray(identical);
    y = y.subarray(identical);
  }
  if (rest.identical + numDifferent(rest) > 0) appendEllipsis(list, rest);
  return { prefix: "strings.Join(", value: { prefix: "{", value: list, suffix: "}" }, suffix: ', "")' };
}

function groupsOf(x: Buffer, y: Buffer): DiffStats[] {
  const isSame = (i: number, j: number) => x[i] === y[j];
  const script = editScript(x.length, y.length, (i, j) =>
    isSame(i, j) ? { same: 1, different: 0 } : { same: 0, different: 2 },
  );
  return movedToEqual(joined(adjacent(script)), isSame);
}

function adjacent(script: readonly Edit[]): DiffStats[] {
  const groups: DiffStats[] = [];
  let wasIdentity: boolean | undefined;
  for (const edit of script) {
    const isIdentity = edit === "identity";
    if (isIdentity !== wasIdentity) groups.push(noStats("byte"));
    wasIdentity = isIdentity;
    const stats = groups.at(-1)!;
    if (isIdentity) stats.identical++;
    else if (edit === "uniqueX") stats.removed++;
    else if (edit === "uniqueY") stats.inserted++;
    else stats.modified++;
  }
  return groups;
}

/** Few equal bytes between two differences are no reason to part these. */
function joined(groups: readonly DiffStats[]): DiffStats[] {
  const out: DiffStats[] = [];
  for (const next of groups) {
    const [previous, equal] = out.slice(-2);
    const isJoinable =
      out.length >= 2 &&
      numDifferent(next) > 0 &&
      (previous!.removed > 0 || next.removed > 0) &&
      (previous!.inserted > 0 || next.inserted > 0) &&
      equal!.identical <= CHUNK / 4;
    if (isJoinable) {
      addStats(previous!, equal!);
      addStats(previous!, next);
      out.pop();
    } else out.push({ ...next });
  }
  return out;
}

/** Equal bytes at the edges of a difference belong to its equal neighbours. */
function movedToEqual(groups: DiffStats[], isSame: (i: number, j: number) => boolean): DiffStats[] {
  let [x, y] = [0, 0];
  let [front, back] = [0, 0];
  groups.forEach((stats, index) => {
    if (numDifferent(stats) === 0) {
      x += stats.identical;
      y += stats.identical;
      return;
    }
    let nx = stats.identical + stats.removed + stats.modified;
    let ny = stats.identical + stats.inserted + stats.modified;
    let [leading, trailing] = [0, 0];
    while (leading < nx && leading < ny && isSame(x + leading, y + leading)) leading++;
    while (trailing < nx && trailing < ny && isSame(x + nx - 1 - trailing, y + ny - 1 - trailing)) trailing++;
    if (leading + trailing > 0) {
      if (index > 0) groups[index - 1]!.identical += leading;
      else front = leading;
      if (index + 1 < groups.length) groups[index + 1]!.identical += trailing;
      else back = trailing;
      x += leading;
      y += leading;
      nx -= leading + trailing;
      ny -= leading + trailing;
      groups[index] = { ...noStats("byte"), removed: nx, inserted: ny };
    }
    x += nx;
    y += ny;
  });
  const edge = (identical: number) => (identical > 0 ? [{ ...noStats("byte"), identical }] : []);
  return [...edge(front), ...groups, ...edge(back)];
}
