import { GantryError } from "../base/index.ts";

/** `star` stays inside one path element, `any` spans elements, `directories` is `**` with its slash: none or several. */
type Token = { kind: "star" | "any" | "directories" } | { kind: "one"; matches: (char: string) => boolean };

export interface GlobOptions {
  /** `**` spans path elements (patterns of `.dockerignore`); otherwise it means the same as `*`. */
  doubleStar?: boolean;
}

export interface Glob {
  /** Whether the whole text matches. */
  matches(text: string): boolean;
  /** Whether the path matches, or a directory above it. */
  matchesPathOrParent(path: string): boolean;
}

/**
 * A file name pattern: `*` any characters, `?` one, `[a-z]` and `[^a-z]` classes, a backslash takes the next literally;
 * none of them matches a slash. InvalidArgument on a pattern without sense. The time of a match is bounded by the
 * product of both lengths: all alternatives advance together.
 */
export function compileGlob(pattern: string, options: GlobOptions = {}): Glob {
  const tokens = parseGlob(pattern, options.doubleStar ?? false);
  return {
    matches: (text) => run(tokens, text, () => false),
    matchesPathOrParent: (path) => run(tokens, path, (following) => following === "/"),
  };
}

/** Whether a source of COPY or ADD is a pattern rather than a name. */
export function hasWildcards(path: string): boolean {
  return /^(?:[^\\]|\\.)*?[*?[]/su.test(path);
}

function parseGlob(pattern: string, doubleStar: boolean): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === "*") {
      let stars = 1;
      while (chars[at + 1] === "*") {
        stars++;
        at++;
      }
      if (!doubleStar || stars === 1) tokens.push({ kind: "star" });
      else if (chars[at + 1] === "/") {
        at++;
        tokens.push({ kind: "directories" });
      } else tokens.push({ kind: "any" });
    } else if (char === "?") tokens.push({ kind: "one", matches: (candidate) => candidate !== "/" });
    else if (char === "[") at = parseClass(chars, at, tokens, pattern);
    else {
      const literal = char === "\\" ? chars[++at] : char;
      if (literal === undefined) throw badPattern(pattern);
      tokens.push({ kind: "one", matches: (candidate) => candidate === literal });
    }
  }
  return tokens;
}

/** Returns where the class ends. */
function parseClass(chars: readonly string[], start: number, tokens: Token[], pattern: string): number {
  let at = start + 1;
  const negated = chars[at] === "^";
  if (negated) at++;
  const ranges: [string, string][] = [];
  const take = (): string => {
    let char = chars[at++];
    if (char === "-" || char === "]") throw badPattern(pattern);
    if (char === "\\") char = chars[at++];
    if (char === undefined) throw badPattern(pattern);
    return char;
  };
  while (chars[at] !== "]" || ranges.length === 0) {
    const low = take();
    if (chars[at] !== "-") ranges.push([low, low]);
    else {
      at++;
      ranges.push([low, take()]);
    }
  }
  const inside = (char: string) => ranges.some(([low, high]) => low <= char && char <= high);
  tokens.push({ kind: "one", matches: (char) => char !== "/" && inside(char) !== negated });
  return at;
}

/** A state is twice a token's index; plus one inside the run of a `directories` token. */
function run(tokens: readonly Token[], text: string, mayEndBefore: (following: string) => boolean): boolean {
  const final = tokens.length * 2;
  let states = closure(tokens, new Set([0]));
  for (const char of text) {
    if (states.has(final) && mayEndBefore(char)) return true;
    const following = new Set<number>();
    for (const state of states) advance(tokens, state, char, following);
    if (following.size === 0) return false;
    states = closure(tokens, following);
  }
  return states.has(final);
}

function advance(tokens: readonly Token[], state: number, char: string, into: Set<number>): void {
  const token = tokens[state >> 1];
  if (!token) return;
  if (token.kind === "one") {
    if (token.matches(char)) into.add(state + 2);
  } else if (token.kind === "directories") {
    into.add(state | 1);
    if (char === "/") into.add((state & ~1) + 2);
  } else if (token.kind === "any" || char !== "/") into.add(state);
}

/** Every kind but `one` may also match nothing. */
function closure(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = tokens[state >> 1];
    if (token && token.kind !== "one" && (state & 1) === 0) states.add(state + 2);
  }
  return states;
}

function badPattern(pattern: string): GantryError {
  return new GantryError("InvalidArgument", `syntax error in pattern: ${pattern}`, {
    code: "Glob.Pattern",
    details: { pattern },
  });
}
