import type { SourceMap } from "../source-map.ts";

const RULE = "--------------------\n";

/** The lines of a text that are spoken of, and some around them, as BuildKit prints them (solver/errdefs/source.go). */
export function sourceExcerpt({ info }: SourceMap, lines: readonly number[]): string {
  if (lines.length === 0) return "";
  const all = Buffer.from(info.data).toString().split("\n");
  const first = Math.min(...lines);
  if (first < 1 || first > all.length) return "";
  let start = first;
  let end = Math.min(Math.max(...lines), all.length);
  const wanted = start === end ? 4 : 2;
  for (let added = 0; added < wanted; added++) {
    if (start > 1) {
      start--;
      added++;
    }
    if (end < all.length) {
      end++;
      added++;
    }
  }
  let text = `${info.filename}:${first}\n${RULE}`;
  for (let line = start; line <= end; line++) {
    const mark = lines.includes(line) ? ">>>" : "   ";
    text += ` ${String(line).padStart(3)} | ${mark} ${all[line - 1]}\n`;
  }
  return text + RULE;
}
