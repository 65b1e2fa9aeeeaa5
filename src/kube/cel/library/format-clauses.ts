/** One `%` clause of a format: its letter, and the digits behind its dot. */
export interface FormatClause {
  letter: string;
  precision: number | undefined;
}

/** A format that cannot be read, or an argument that does not fit its clause. */
export class FormatProblem extends Error {}

/**
 * Goes through a format: texts between clauses, and clauses in order, each with the place of its argument. Throws
 * FormatProblem in cel-go's words; `hasArg` is asked before a clause is read.
 */
export function* formatPieces(
  format: string,
  hasArg: (index: number) => boolean,
): Generator<string | { clause: FormatClause; index: number }> {
  let index = 0;
  let at = 0;
  while (at < format.length) {
    if (format[at] !== "%") {
      const end = format.indexOf("%", at);
      yield format.slice(at, end < 0 ? undefined : end);
      at = end < 0 ? format.length : end;
    } else if (format[at + 1] === "%") {
      yield "%";
      at += 2;
    } else {
      if (at + 1 >= format.length) throw new FormatProblem("unexpected end of string");
      if (!hasArg(index)) throw new FormatProblem(`index ${index} out of range`);
      const { clause, length } = clauseAt(format.slice(at + 1));
      yield { clause, index };
      index++;
      at += 1 + length;
    }
  }
}

const UNPARSED = "could not parse formatting clause";

function clauseAt(rest: string): { clause: FormatClause; length: number } {
  const precision = /^\.(\d*)/.exec(rest);
  const at = precision?.[0].length ?? 0;
  if (precision !== null && at >= rest.length)
    throw new FormatProblem(
      `${UNPARSED}: error while parsing precision: could not find end of precision specifier`,
    );
  if (precision?.[1] === "") {
    const problem = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
    throw new FormatProblem(`${UNPARSED}: error while parsing precision: ${problem}`);
  }
  const letter = rest[at]!;
  if (!"sdfebxXo".includes(letter))
    throw new FormatProblem(`${UNPARSED}: unrecognized formatting clause "${letter}"`);
  const digits = precision === null ? undefined : Number(precision[1]);
  return { clause: { letter, precision: digits }, length: at + 1 };
}

const DEMANDS: Record<string, string> = {
  s: "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
  d: "decimal clause can only be used on integers",
  f: "fixed-point clause can only be used on doubles",
  e: "scientific clause can only be used on doubles",
  b: "only integers and bools can be formatted as binary",
  x: "only integers, byte buffers, and strings can be formatted as hex",
  o: "octal clause can only be used on integers",
};

/** An argument of a type that a clause does not take. */
export function unfitArgument(letter: string, typeName: string): FormatProblem {
  const demand = DEMANDS[letter.toLowerCase()]!;
  return new FormatProblem(`error during formatting: ${demand}, was given ${typeName}`);
}
