import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { LinearRegex } from "../regex/linear-regex.ts";
import { PatternError } from "../regex/pattern.ts";
import { BOOL, INT, listType, STRING } from "../types/cel-type.ts";
import { CelError, noSuchOverload } from "../values/cel-error.ts";
import { ValueList } from "../values/collections.ts";
import type { CelValue, Result } from "../values/value.ts";

/** Patterns stay compiled: the same one is asked for with every element of a list. */
const MAX_COMPILED = 256;
const compiled = new Map<string, LinearRegex>();

function compile(pattern: string): LinearRegex | PatternError {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  try {
    const regex = new LinearRegex(pattern);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(pattern, regex);
    return regex;
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}

function withPattern(
  text: CelValue,
  pattern: CelValue,
  problem: (error: PatternError) => string,
  evaluate: (regex: LinearRegex, text: string) => Result,
): Result {
  if (typeof text !== "string" || typeof pattern !== "string") return noSuchOverload();
  const regex = compile(pattern);
  return regex instanceof PatternError ? new CelError(problem(regex)) : evaluate(regex, text);
}

const illegal = (error: PatternError) => `Illegal regex: ${error.message}`;

function findAll(text: CelValue, pattern: CelValue, limit: CelValue): Result {
  if (typeof limit !== "bigint") return noSuchOverload();
  return withPattern(text, pattern, illegal, (regex, within) => {
    return new ValueList(regex.findAll(within, Number(limit)));
  });
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
        (error) => error.message,
        (regex, within) => regex.test(within),
      ),
  ),
];

/** Kubernetes' `find` and `findAll`. */
export const REGEX_FUNCTIONS: CelFunction[] = [
  fn("find", [
    memberOverload("string_find_string", [STRING, STRING], STRING, ([text, pattern]) =>
      withPattern(text!, pattern!, illegal, (regex, within) => regex.find(within)),
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
  const regex = compile(pattern);
  return regex instanceof PatternError ? new CelError(regex.message) : undefined;
}
