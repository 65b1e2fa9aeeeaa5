import { syntaxError } from "./errors.ts";

type Token = { any: "text" | "character" } | { literal: string };

/** Bounds the work of one substitution, so that a Dockerfile cannot hold the program. */
const MAX_STEPS = 20_000_000;

/** Removes the shortest (or longest) start or end of `value` that matches the pattern: `${x#p}`, `${x%%p}`. */
export function trimShellPattern(
  value: string,
  pattern: string,
  options: { end: "prefix" | "suffix"; longest: boolean },
): string {
  const tokens = parsePattern(pattern);
  const chars = [...value];
  if (options.end === "prefix") {
    const length = matchLength(tokens, chars, 0, options.longest);
    return length === undefined ? value : chars.slice(length).join("");
  }
  const length = matchLength(tokens.toReversed(), chars.toReversed(), 0, options.longest);
  return length === undefined ? value : chars.slice(0, chars.length - length).join("");
}

/** Replaces the first (or every) longest match of the pattern: `${x/p/r}`, `${x//p/r}`. */
export function replaceShellPattern(
  value: string,
  pattern: string,
  replacement: string,
  all: boolean,
): string {
  const tokens = parsePattern(pattern);
  const chars = [...value];
  if (tokens.length * chars.length * chars.length > MAX_STEPS)
    throw syntaxError("the value is too long for a substitution");
  let result = "";
  let at = 0;
  let matchEnd = -1;
  while (at <= chars.length) {
    const length = matchLength(tokens, chars, at, true);
    // A match of nothing counts where no other one has just ended.
    const matches = length !== undefined && (length > 0 || at !== matchEnd);
    if (matches) {
      result += replacement;
      at += length;
      if (!all) break;
      matchEnd = at;
      if (length > 0) continue;
    }
    if (at < chars.length) result += chars[at];
    at++;
  }
  return result + chars.slice(at).join("");
}

/** `*` any text, `?` one character, a backslash takes the next of `*?\}/` literally. */
function parsePattern(pattern: string): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === "*") tokens.push({ any: "text" });
    else if (char === "?") tokens.push({ any: "character" });
    else if (char === "\\") {
      const escaped = chars[++at];
      if (escaped === undefined || !"*?\\}/".includes(escaped)) {
        throw syntaxError(
          `invalid pattern (${pattern}) in substitution: invalid escape '\\${escaped ?? ""}'`,
        );
      }
      tokens.push({ literal: escaped });
    } else tokens.push({ literal: char });
  }
  return tokens;
}

/** How many characters from `start` the tokens match; all alternatives advance together, so the time is bounded. */
function matchLength(
  tokens: readonly Token[],
  chars: readonly string[],
  start: number,
  longest: boolean,
): number | undefined {
  if (tokens.length * (chars.length - start) > MAX_STEPS)
    throw syntaxError("the value is too long for a substitution");
  let states = closure(tokens, new Set([0]));
  let found: number | undefined;
  for (let at = start; ; at++) {
    if (states.has(tokens.length)) {
      found = at - start;
      if (!longest) return found;
    }
    if (at === chars.length || states.size === 0) return found;
    const following = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) continue;
      if ("literal" in token) {
        if (token.literal === chars[at]) following.add(state + 1);
      } else following.add(token.any === "text" ? state : state + 1);
    }
    states = closure(tokens, following);
  }
}

/** `*` may also match nothing. */
function closure(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = tokens[state];
    if (token && "any" in token && token.any === "text") states.add(state + 1);
  }
  return states;
}
