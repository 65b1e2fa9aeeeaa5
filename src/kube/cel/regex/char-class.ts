import { type CharTest, PatternError } from "./pattern.ts";

const inRanges =
  (...ranges: [number, number][]): CharTest =>
  (code) =>
    ranges.some(([low, high]) => code >= low && code <= high);

export const not =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);
export const anyOf =
  (tests: readonly CharTest[]): CharTest =>
  (code) =>
    tests.some((test) => test(code));

const range = (low: string, high: string): [number, number] => [low.charCodeAt(0), high.charCodeAt(0)];
const DIGIT = inRanges(range("0", "9"));
const LOWER = inRanges(range("a", "z"));
const UPPER = inRanges(range("A", "Z"));
const ALPHA = anyOf([LOWER, UPPER]);
const ALNUM = anyOf([ALPHA, DIGIT]);
export const WORD = anyOf([ALNUM, inRanges([0x5f, 0x5f])]);
const SPACE = anyOf([inRanges([0x09, 0x0a], [0x0c, 0x0d]), inRanges([0x20, 0x20])]);
const PUNCT = inRanges([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]);

/** `\d` and its like; ASCII only, as RE2 has them. */
export const PERL_CLASSES: Record<string, CharTest> = {
  d: DIGIT,
  D: not(DIGIT),
  s: SPACE,
  S: not(SPACE),
  w: WORD,
  W: not(WORD),
};

const POSIX_CLASSES: Record<string, CharTest> = {
  alnum: ALNUM,
  alpha: ALPHA,
  ascii: inRanges([0, 0x7f]),
  blank: inRanges([0x09, 0x09], [0x20, 0x20]),
  cntrl: inRanges([0, 0x1f], [0x7f, 0x7f]),
  digit: DIGIT,
  graph: inRanges([0x21, 0x7e]),
  lower: LOWER,
  print: inRanges([0x20, 0x7e]),
  punct: PUNCT,
  space: inRanges([0x09, 0x0d], [0x20, 0x20]),
  upper: UPPER,
  word: WORD,
  xdigit: anyOf([DIGIT, inRanges([0x41, 0x46], [0x61, 0x66])]),
};

/** `[:alpha:]` or `[:^alpha:]`, with its brackets. */
export function posixClass(text: string): CharTest {
  const [, caret, name] = /^\[:(\^?)(\w*):\]$/.exec(text)!;
  const test = Object.hasOwn(POSIX_CLASSES, name!) ? POSIX_CLASSES[name!]! : undefined;
  if (test === undefined) throw new PatternError("invalid character class range", text);
  return caret === "^" ? not(test) : test;
}

/** `\pL`, `\p{Greek}`, `\P{^Lu}`: a general category or a script. */
export function unicodeClass(text: string): CharTest {
  const isNegated = text.startsWith("\\P") !== text.includes("^");
  const name = text.slice(2).replace(/[{}^]/g, "");
  const pattern = name === "Any" ? /^/u : (categoryPattern(name) ?? scriptPattern(name));
  if (pattern === undefined) throw new PatternError("invalid character class range", text);
  const test: CharTest = (code) => pattern.test(String.fromCodePoint(code));
  return isNegated ? not(test) : test;
}

function categoryPattern(name: string): RegExp | undefined {
  return /^[CLMNPSZ][a-z]?$/.test(name) ? propertyPattern(`gc=${name}`) : undefined;
}

function scriptPattern(name: string): RegExp | undefined {
  return /^[A-Z]\w+$/.test(name) ? propertyPattern(`sc=${name}`) : undefined;
}

function propertyPattern(property: string): RegExp | undefined {
  try {
    return new RegExp(`^\\p{${property}}$`, "u");
  } catch {
    return undefined;
  }
}

/** A class that takes a letter in every case, where it takes it in one. */
export function ignoringCase(test: CharTest): CharTest {
  return (code) => test(code) || casesOf(code).some(test);
}

function casesOf(code: number): number[] {
  const text = String.fromCodePoint(code);
  const upper = text.toUpperCase();
  // The long s and the Kelvin sign only meet their letters by way of the other case.
  return [text.toLowerCase(), upper, upper.toLowerCase()].flatMap((variant) => singleCode(variant));
}

function singleCode(text: string): number[] {
  const code = text.codePointAt(0)!;
  return String.fromCodePoint(code) === text ? [code] : [];
}
