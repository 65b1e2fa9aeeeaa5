import { GantryError } from "../../../base/index.ts";
import { compileGoRegexp, type GoRegexp } from "../../../formats/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, INT, listType, STRING } from "../types/cel-type.ts";
import { CelError, isError, noSuchOverload } from "../values/cel-error.ts";
import { ValueList } from "../values/collections.ts";
import type { CelValue, Result } from "../values/value.ts";

/** Patterns stay compiled: the same one is asked for with every element of a list. */
const MAX_COMPILED = 256;
const compiled = new Map<string, GoRegexp>();

/** Patterns of users run on an engine that no pattern can keep busy. */
function compile(pattern: string): GoRegexp | CelError {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  try {
    const regexp = compileGoRegexp(pattern);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(pattern, regexp);
    return regexp;
  } catch (error) {
    if (error instanceof GantryError) return new CelError(error.message);
    throw error;
  }
}

function withPattern(
  text: CelValue,
  pattern: CelValue,
  problem: (error: CelError) => CelError,
  evaluate: (regexp: GoRegexp, text: string) => Result,
): Result {
  if (typeof text !== "string" || typeof pattern !== "string") return noSuchOverload();
  const regexp = compile(pattern);
  return isError(regexp) ? problem(regexp) : evaluate(regexp, text);
}

const illegal = ({ message }: CelError) => new CelError(`Illegal regex: ${message}`);

function find(regexp: GoRegexp, text: string): string {
  const match = regexp.find(text);
  return match === undefined ? "" : text.slice(...match);
}

/** All matches that do not overlap; an empty one right behind another is none. All where the limit is negative. */
function allMatches(regexp: GoRegexp, text: string, limit: bigint): string[] {
  const found: string[] = [];
  let previousEnd = -1;
  for (let from = 0; from <= text.length && BigInt(found.length) !== limit; ) {
    const match = regexp.find(text, from);
    if (match === undefined) break;
    const [start, end] = match;
    if (end > start || start !== previousEnd) found.push(text.slice(start, end));
    previousEnd = end;
    from = end > from ? end : from + characterLength(text, from);
  }
  return found;
}

const characterLength = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function findAll(text: CelValue, pattern: CelValue, limit: CelValue): Result {
  if (typeof limit !== "bigint") return noSuchOverload();
  return withPattern(
    text,
    pattern,
    illegal,
    (regexp, within) => new ValueList(allMatches(regexp, within, limit)),
  );
}

/** `matches` of the language itself. */
export const MATCH_FUNCTIONS: CelFunction[] = [
  fn(
    "matches",
    [overload("matches", [STRING, STRING], BOOL), memberOverload("matches_string", [STRING, STRING], BOOL)],
    ([text, pattern]) =>
      withPattern(
        text!,
        pattern!,
        (error) => error,
        (regexp, within) => regexp.test(within),
      ),
  ),
];

/** Kubernetes' `find` and `findAll`. */
export const REGEX_FUNCTIONS: CelFunction[] = [
  fn("find", [
    memberOverload("string_find_string", [STRING, STRING], STRING, ([text, pattern]) =>
      withPattern(text!, pattern!, illegal, find),
    ),
  ]),
  fn("findAll", [
    memberOverload("string_find_all_string", [STRING, STRING], listType(STRING), ([text, pattern]) =>
      findAll(text!, pattern!, -1n),
    ),
    memberOverload(
      "string_find_all_string_int",
      [STRING, STRING, INT],
      listType(STRING),
      ([text, pattern, limit]) => findAll(text!, pattern!, limit!),
    ),
  ]),
];

const PATTERN_FUNCTIONS = new Set(["matches", "find", "findAll"]);

/** What is wrong with a pattern that is constant; there is no program with one that is bad. */
export function checkConstantPatterns(
  functionName: string,
  args: readonly (CelValue | undefined)[],
): CelError | undefined {
  const pattern = PATTERN_FUNCTIONS.has(functionName) ? args[1] : undefined;
  return typeof pattern === "string" ? patternProblem(pattern) : undefined;
}

export function patternProblem(pattern: string): CelError | undefined {
  const regexp = compile(pattern);
  return isError(regexp) ? regexp : undefined;
}
