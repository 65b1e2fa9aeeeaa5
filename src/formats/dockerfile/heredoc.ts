import { expandWord } from "./expand.ts";
import type { Heredoc } from "./types.ts";

/** With white space behind `<<` only a name counts, so that the shell's `$((1 << 3))` stays arithmetic. */
const MARKER = /^(\d*)<<(-?)([^<\s][^<]*|\s+["']?[A-Za-z_][\w.-]*["']?)$/;
const NO_VARIABLES = new Map<string, string>();

/** Reads a word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`; undefined when it is no here-document. */
export function parseHeredocMarker(word: string): Heredoc | undefined {
  const match = MARKER.exec(word);
  if (!match) return undefined;
  const plain = expandWord(match[3]!, NO_VARIABLES, { keepUnset: true });
  if (plain.words.length !== 1) return undefined;
  const raw = expandWord(match[3]!, NO_VARIABLES, { keepUnset: true, rawQuotes: true });
  return {
    name: plain.words[0]!,
    content: "",
    expand: countQuotes(plain.text) === countQuotes(raw.text),
    stripTabs: match[2] === "-",
    fileDescriptor: Number(match[1] || 0),
  };
}

/** The here-documents that an instruction's line announces, in order. */
export function heredocMarkers(line: string): Heredoc[] {
  if (!line.includes("<<")) return [];
  let words: string[];
  try {
    words = expandWord(line, NO_VARIABLES, { rawQuotes: true, rawEscapes: true, keepUnset: true }).words;
  } catch {
    return [];
  }
  return words.map(parseHeredocMarker).filter((heredoc) => heredoc !== undefined);
}

/** Content as the instruction sees it: without leading tabs for `<<-`. */
export function heredocText(heredoc: Heredoc): string {
  return heredoc.stripTabs ? heredoc.content.replace(/^\t+/gm, "") : heredoc.content;
}

function countQuotes(text: string): number {
  return text.replace(/[^'"]/g, "").length;
}
