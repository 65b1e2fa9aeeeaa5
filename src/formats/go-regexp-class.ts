/** Whether a character (its code point) is one of a class. */
export type CharTest = (codePoint: number) => boolean;

const between = (codePoint: number, low: string, high: string) =>
  codePoint >= low.charCodeAt(0) && codePoint <= high.charCodeAt(0);

const isDigit: CharTest = (c) => between(c, "0", "9");
const isLower: CharTest = (c) => between(c, "a", "z");
const isUpper: CharTest = (c) => between(c, "A", "Z");
const isAlpha: CharTest = (c) => isLower(c) || isUpper(c);
export const isWordChar: CharTest = (c) => isAlpha(c) || isDigit(c) || c === 0x5f;
const oneOf =
  (text: string): CharTest =>
  (c) =>
    text.includes(String.fromCodePoint(c));
const not =
  (test: CharTest): CharTest =>
  (c) =>
    !test(c);

const PERL: Record<string, CharTest> = {
  d: isDigit,
  s: oneOf("\t\n\f\r "),
  w: isWordChar,
};

const POSIX: Record<string, CharTest> = {
  alnum: (c) => isAlpha(c) || isDigit(c),
  alpha: isAlpha,
  ascii: (c) => c <= 0x7f,
  blank: oneOf("\t "),
  cntrl: (c) => c <= 0x1f || c === 0x7f,
  digit: isDigit,
  graph: (c) => c > 0x20 && c < 0x7f,
  lower: isLower,
  print: (c) => c >= 0x20 && c < 0x7f,
  punct: (c) => c > 0x20 && c < 0x7f && !isAlpha(c) && !isDigit(c),
  space: oneOf("\t\n\v\f\r "),
  upper: isUpper,
  word: isWordChar,
  xdigit: (c) => isDigit(c) || between(c, "a", "f") || between(c, "A", "F"),
};

/** `d`, `D`, `s`, …: what stands after the backslash; undefined for what is no class. */
export function perlClass(letter: string): CharTest | undefined {
  const test = PERL[letter.toLowerCase()];
  return test !== undefined && letter !== letter.toLowerCase() ? not(test) : test;
}

/** `alpha`, `^alpha`: what stands in `[:alpha:]`. */
export function posixClass(name: string): CharTest | undefined {
  const test = Object.hasOwn(POSIX, name.replace(/^\^/, "")) ? POSIX[name.replace(/^\^/, "")] : undefined;
  return test !== undefined && name.startsWith("^") ? not(test) : test;
}

/** A general category or a script, `Lu` or `Greek`, with a `^` before it for all others; undefined for an unknown one. */
export function unicodeClass(name: string): CharTest | undefined {
  const bare = name.replace(/^\^/, "");
  const test =
    bare === "Any" ? () => true : (propertyTest(`\\p{gc=${bare}}`) ?? propertyTest(`\\p{sc=${bare}}`));
  return test !== undefined && bare !== name ? not(test) : test;
}

function propertyTest(property: string): CharTest | undefined {
  if (!/^\\p\{(?:gc|sc)=[A-Za-z_]+\}$/.test(property)) return undefined;
  try {
    const pattern = new RegExp(property, "u");
    return (c) => pattern.test(String.fromCodePoint(c));
  } catch {
    return undefined;
  }
}

/** One character for all that differ by case only. */
function folded(codePoint: number): number {
  return single(single(codePoint, "toUpperCase"), "toLowerCase");
}

/** A mapping to several characters is none that a pattern knows. */
function single(codePoint: number, mapping: "toUpperCase" | "toLowerCase"): number {
  const mapped = String.fromCodePoint(codePoint)[mapping]();
  const first = mapped.codePointAt(0)!;
  return String.fromCodePoint(first).length === mapped.length ? first : codePoint;
}

export function charTest(codePoint: number, ignoresCase: boolean): CharTest {
  if (!ignoresCase) return (c) => c === codePoint;
  const wanted = folded(codePoint);
  return (c) => folded(c) === wanted;
}

/** The class that holds a character if it holds one that differs by case only. */
export function foldedTest(test: CharTest): CharTest {
  return (c) => test(c) || test(folded(c)) || test(single(folded(c), "toUpperCase"));
}

export function negated(test: CharTest): CharTest {
  return not(test);
}
